/** A file of which parts can be had. */
export interface IByteSource {
  byteLength: number;
  slice(start: number, end: number): Promise<ArrayBuffer>;
}

/** Why a file, or a column of it, cannot be shown. */
export type ParquetProblem = 'foreign' | 'broken' | 'encrypted' | 'large' | 'slow';

export class ParquetError extends Error {
  constructor(readonly problem: ParquetProblem) {
    super(problem);
  }
}

/** All of a small file, by one request. */
export async function inMemory(source: IByteSource): Promise<IByteSource> {
  const bytes = await source.slice(0, source.byteLength);
  return {
    byteLength: bytes.byteLength,
    slice: (start, end) => Promise.resolve(bytes.slice(start, end))
  };
}

/** A file of which so many bytes are read at most. */
export function limited(source: IByteSource, most: number): IByteSource {
  let left = most;
  return {
    byteLength: source.byteLength,
    slice: (start, end) => {
      left -= end - start;
      return left < 0 ? Promise.reject(new ParquetError('large')) : source.slice(start, end);
    }
  };
}
