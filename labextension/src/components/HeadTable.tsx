import React from 'react';

import { delimited } from '../delimited';
import { trans } from '../translation';

interface IHeadTableProps {
  text: string;
  delimiter: string;
  /** Whether the text is all of the file. */
  isWhole: boolean;
  rows: number;
  columns: number;
}

/** The first rows of a table in text. */
export function HeadTable(props: IHeadTableProps): JSX.Element {
  const { rows, columns } = props;
  const [head = [], ...body] = delimited(props.text, props.delimiter, rows + 1, props.isWhole);
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
              <td key={column}>{value}</td>
            ))}
            {more > 0 && <td>…</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
