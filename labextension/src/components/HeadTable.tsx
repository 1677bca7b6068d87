import React from 'react';

import { trans } from '../translation';

/** What stands for no value, in every language. */
const NULL = 'null';

interface IHeadTableProps {
  /** The names of the columns, and the first rows; null where there is no value. */
  rows: readonly (readonly (string | null)[])[];
  /** The most columns that are shown. */
  columns: number;
}

/** The first rows of a table. */
export function HeadTable(props: IHeadTableProps): JSX.Element {
  const { columns } = props;
  const [head = [], ...body] = props.rows;
  const more = head.length > columns ? head.length - columns : 0;
  return (
    <table className="jp-AgentHub-headTable">
      <thead>
        <tr>
          {head.slice(0, columns).map((name, index) => (
            <th key={index} scope="col">
              {name}
            </th>
          ))}
          {more > 0 && <th scope="col">{trans._n('%1 more', '%1 more', more)}</th>}
        </tr>
      </thead>
      <tbody>
        {body.map((row, index) => (
          <tr key={index}>
            {row.slice(0, columns).map((value, column) => (
              <td key={column}>{value ?? <i>{NULL}</i>}</td>
            ))}
            {more > 0 && <td>…</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
