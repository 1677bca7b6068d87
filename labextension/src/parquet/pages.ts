import { parquetHeader } from 'hyparquet/src/column.js';

import { ParquetError, type IByteSource } from './source';

/** What is asked for first of a column, and of the page after the last one that is known, in bytes. */
const FIRST = 2 ** 16;

/** The most that is read of a column in a row group, in bytes: its dictionary and its first pages. */
const MOST = 4 * 2 ** 20;

interface IPages {
  bytes: ArrayBuffer;
  /** Whether there are more of them. */
  isCut: boolean;
}

/**
 * The first pages of a column: the reader takes all that it is given of a nested one, and most columns have but one page of
 * which the first rows are.
 *
 * @param start - Where the column begins in the file.
 * @param end - Where it ends.
 * @param most - How many pages with values are wanted.
 */
export async function firstPages(
  file: IByteSource,
  start: number,
  end: number,
  most: number
): Promise<IPages> {
  if (!(start >= 0 && start < end && end <= file.byteLength)) {
    throw new ParquetError('broken');
  }
  let bytes = new Uint8Array(0);
  let until = Math.min(end, start + FIRST);
  for (;;) {
    const more = new Uint8Array(await file.slice(start + bytes.length, until));
    const joined = new Uint8Array(bytes.length + more.length);
    joined.set(bytes);
    joined.set(more, bytes.length);
    bytes = joined;
    if (until === end) {
      return { bytes: bytes.buffer, isCut: false };
    }
    const { whole, pages, next } = walk(bytes.buffer, most);
    if (pages === most) {
      return { bytes: bytes.buffer.slice(0, whole), isCut: true };
    }
    if (next > MOST) {
      throw new ParquetError('large');
    }
    until = Math.min(end, start + Math.max(bytes.length, next) + FIRST);
  }
}

/** How far whole pages go, how many of them have values, and where the page after them ends, as far as that is known. */
function walk(bytes: ArrayBuffer, most: number): { whole: number; pages: number; next: number } {
  const reader = { view: new DataView(bytes), offset: 0 };
  let [whole, pages, next] = [0, 0, 0];
  while (pages < most) {
    try {
      const { type, compressed_page_size } = parquetHeader(reader);
      next = reader.offset + Number(compressed_page_size);
      if (!(next > whole && next <= bytes.byteLength)) {
        break;
      }
      pages += type === 'DICTIONARY_PAGE' ? 0 : 1;
      whole = reader.offset = next;
    } catch {
      // The end of this header is not there.
      next = bytes.byteLength;
      break;
    }
  }
  return { whole, pages, next };
}
