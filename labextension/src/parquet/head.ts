import { decompress as unzstd } from 'fzstd';
import { gunzipSync } from 'fflate';
import {
  parquetMetadata,
  parquetSchema,
  snappyUncompress,
  type Compressors,
  type FileMetaData
} from 'hyparquet';
import { parquetPlan } from 'hyparquet/src/plan.js';
import { assembleAsync, readRowGroup } from 'hyparquet/src/rowgroup.js';

import { firstPages } from './pages';
import { inMemory, limited, ParquetError, type IByteSource } from './source';
import { PARSERS, valueOf } from './value';

/** The first rows of a table, and how much there is of it. */
export interface IParquetHead {
  /** The names of all its columns. */
  names: string[];
  /** What the first of those hold, row by row; null where there is no value. */
  rows: (string | null)[][];
  /** How many rows there are. */
  total: number;
  /** The columns of which nothing could be read, and why. */
  unread: IUnreadColumn[];
}

export interface IUnreadColumn {
  name: string;
  /** What it is compressed by, where that is why. */
  codec: string;
  /** Whether more would have to be read for it than a preview reads. */
  isLarge: boolean;
}

/** How much of a table is read. */
export interface IHeadSize {
  rows: number;
  columns: number;
}

/** A file that is read whole, by one request, in bytes. */
const WHOLE = 2 ** 20;

/** The end of a larger one that is read first, in bytes: most footers are in it. */
const END = 2 ** 16;

/** The largest footer that is read, in bytes. */
const FOOTER = 16 * 2 ** 20;

/** Pages of a column that are read, and once more where those have too few rows. */
const PAGES = [1, 16];

/** The most that is read of all columns, in bytes. */
const ALL = 24 * 2 ** 20;

/** The largest page once it is decompressed, in bytes. */
const PAGE = 64 * 2 ** 20;

/** Row groups that are read at most: a file may have one for each row. */
const GROUPS = 4;

/** The first and the last bytes of a file, and the last ones of one whose footer is encrypted. */
const [MAGIC, ENCRYPTED] = ['PAR1', 'PARE'];

/** What the size of the file and of its footer take at the end. */
const TAIL = 8;

/** What stands for a value that was not read. */
const UNREAD = '…';

function room(length: number): Uint8Array {
  if (!(length >= 0 && length <= PAGE)) {
    throw new ParquetError('large');
  }
  return new Uint8Array(length);
}

const COMPRESSORS: Compressors = {
  SNAPPY: (input, length) => {
    const output = room(length);
    snappyUncompress(input, output);
    return output;
  },
  GZIP: (input, length) => gunzipSync(input, { out: room(length) }),
  ZSTD: (input, length) => unzstd(input, room(length))
};

const READ: readonly string[] = ['UNCOMPRESSED', ...Object.keys(COMPRESSORS)];

/**
 * The first rows of a Parquet file; of a large one its footer and its first pages alone are asked for.
 *
 * Nothing that the file claims is believed: neither how long a part of it is, nor where it lies.
 *
 * @throws ParquetError where it holds no table that can be read.
 */
export async function parquetHead(source: IByteSource, most: IHeadSize): Promise<IParquetHead> {
  const file = source.byteLength <= WHOLE ? await inMemory(source) : source;
  const metadata = await metadataOf(file);
  const names = namesOf(metadata);
  const total = Number(metadata.num_rows);
  const rows = Math.min(most.rows, rowsIn(metadata));
  const values = limited(file, ALL);
  const columns = names.slice(0, most.columns).map(name => ({
    name,
    codec: unknownCodec(metadata, name),
    isLarge: false
  }));
  const read: (unknown[] | null)[] = await Promise.all(
    columns.map(async column => {
      try {
        return column.codec ? null : await valuesOf(values, metadata, column.name, rows);
      } catch (reason) {
        column.isLarge = reason instanceof ParquetError && reason.problem === 'large';
        return null;
      }
    })
  );
  return {
    names,
    rows: Array.from({ length: read.some(Boolean) ? rows : 0 }, (_, row) =>
      read.map(values => (values ? valueOf(values[row]) : UNREAD))
    ),
    total,
    unread: columns.filter((_, index) => read[index] === null)
  };
}

async function metadataOf(file: IByteSource): Promise<FileMetaData> {
  const { byteLength } = file;
  if (byteLength < MAGIC.length + TAIL) {
    throw new ParquetError('foreign');
  }
  let end = await file.slice(Math.max(0, byteLength - END), byteLength);
  const magic = new TextDecoder().decode(new Uint8Array(end, end.byteLength - MAGIC.length));
  if (magic !== MAGIC) {
    throw new ParquetError(magic === ENCRYPTED ? 'encrypted' : 'foreign');
  }
  const length = new DataView(end).getUint32(end.byteLength - TAIL, true) + TAIL;
  if (length > byteLength - MAGIC.length) {
    throw new ParquetError('broken');
  }
  if (length > FOOTER) {
    throw new ParquetError('large');
  }
  if (length > end.byteLength) {
    end = await file.slice(byteLength - length, byteLength);
  }
  try {
    return parquetMetadata(end, { parsers: PARSERS, geoparquet: false });
  } catch {
    // Whatever trips over bytes that are no footer.
    throw new ParquetError('broken');
  }
}

function namesOf(metadata: FileMetaData): string[] {
  try {
    return parquetSchema(metadata).children.map(({ element }) => element.name);
  } catch {
    throw new ParquetError('broken');
  }
}

/** How many rows the first row groups have. */
function rowsIn({ row_groups }: FileMetaData): number {
  const counts = row_groups.slice(0, GROUPS).map(({ num_rows }) => Number(num_rows));
  return counts.reduce((sum, count) => sum + Math.max(0, count), 0);
}

/** What a column is compressed by, where that is nothing that is read here; else empty. */
function unknownCodec(metadata: FileMetaData, name: string): string {
  const codecs = metadata.row_groups
    .slice(0, GROUPS)
    .flatMap(({ columns }) => columns)
    .filter(({ meta_data }) => meta_data?.path_in_schema[0] === name)
    .map(({ meta_data }) => String(meta_data?.codec));
  return codecs.find(codec => !READ.includes(codec)) ?? '';
}

/** The first values of a column, of as little of it as has them. */
async function valuesOf(
  file: IByteSource,
  metadata: FileMetaData,
  name: string,
  rows: number
): Promise<unknown[]> {
  for (const most of PAGES) {
    let isCut = false;
    const part = {
      byteLength: file.byteLength,
      slice: async (start: number, end: number) => {
        const pages = await firstPages(file, start, end, most);
        isCut ||= pages.isCut;
        return pages.bytes;
      }
    };
    const values = await decoded(part, metadata, name, rows);
    // Of what is cut the last row may be a part of one.
    if (isCut ? values.length > rows : values.length >= rows) {
      return values;
    }
    if (!isCut) {
      throw new ParquetError('broken');
    }
  }
  throw new ParquetError('large');
}

/** All values of a column that are in a part of a file, to the last row group that is needed. */
async function decoded(
  file: IByteSource,
  metadata: FileMetaData,
  name: string,
  rows: number
): Promise<unknown[]> {
  const options = {
    file,
    metadata,
    columns: [name],
    // One more, by which a last row that is whole is known from a part of one.
    rowEnd: rows + 1,
    compressors: COMPRESSORS,
    parsers: PARSERS
  };
  // By its steps, since as a whole it reads the parts of nested columns together, which are cut one by one here.
  const plan = parquetPlan(options);
  const tree = parquetSchema(metadata);
  const values: unknown[] = [];
  for (const group of plan.groups) {
    const { asyncColumns } = assembleAsync(readRowGroup(options, plan, group), tree, PARSERS);
    const chunks = (await asyncColumns[0]?.data)?.data ?? [];
    let room = rows + 1;
    for (const chunk of chunks) {
      for (let index = 0; index < chunk.length && room > 0; index++, room--) {
        values.push(chunk[index]);
      }
    }
    // The next group begins with a row of its own.
    if (values.length < Math.min(rows, group.groupStart + group.groupRows)) {
      break;
    }
    values.length = Math.min(values.length, group.groupStart + group.groupRows);
  }
  return values;
}
