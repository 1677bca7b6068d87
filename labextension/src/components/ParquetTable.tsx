import React from 'react';

import type { IParquetHead, IUnreadColumn } from '../parquet/head';
import { trans } from '../translation';
import { HeadTable } from './HeadTable';

interface IParquetTableProps {
  head: IParquetHead;
  /** The most columns that are shown. */
  columns: number;
}

/** The most columns that are named of those that could not be read. */
const NAMED = 10;

/** The first rows of a Parquet file, and what is left out. */
export function ParquetTable({ head, columns }: IParquetTableProps): JSX.Element {
  const { names, rows, total, unread } = head;
  const named = unread.slice(0, NAMED).map(reason);
  return (
    <>
      <HeadTable rows={[names, ...rows]} columns={columns} />
      {rows.length > 0 && rows.length < total && (
        <p className="jp-AgentHub-quiet">
          {trans.__('The first %1 of %2 rows.', rows.length, total.toLocaleString())}
        </p>
      )}
      {names.length === 0 && <p className="jp-AgentHub-quiet">{trans.__('It has no columns.')}</p>}
      {names.length > 0 && total === 0 && (
        <p className="jp-AgentHub-quiet">{trans.__('It has no rows.')}</p>
      )}
      {unread.length > 0 && (
        <p role="alert">
          {trans.__('Not all columns could be read here:')} {named.join(', ')}
          {unread.length > NAMED && ` ${trans.__('and %1 more', unread.length - NAMED)}`}.{' '}
          {trans.__('Insert it into a notebook, which loads it with pandas.')}
        </p>
      )}
    </>
  );
}

function reason({ name, codec, isLarge }: IUnreadColumn): string {
  if (codec) {
    return trans.__('%1 (compressed by %2)', name, codec);
  }
  return isLarge ? trans.__('%1 (too large for a preview)', name) : trans.__('%1 (broken)', name);
}
