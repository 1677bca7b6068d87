import { HubError, type Artifact, type HubApi } from '../api';
import { trans } from '../translation';
import type { IHeadSize, IParquetHead } from './head';
import type { ParquetProblem } from './source';

/** What is said to the worker. */
export type IAsked =
  | { kind: 'read'; size: number; most: IHeadSize }
  | { kind: 'part'; part: number; bytes: ArrayBuffer };

/** What the worker says. */
export type IAnswered =
  | { kind: 'want'; part: number; start: number; end: number }
  | { kind: 'head'; head: IParquetHead }
  | { kind: 'failed'; problem: ParquetProblem };

/** How long a worker may think about what it has, in milliseconds. */
const THINKING = 10_000;

/**
 * The first rows of a Parquet file, read in a worker of its own.
 *
 * The file is an agent's: one that was made to be read for ever, or to take all memory, ends with its worker.
 */
export async function readParquet(
  { id, version, size }: Artifact,
  api: HubApi,
  most: IHeadSize
): Promise<IParquetHead> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  let thinking: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise((resolve, reject) => {
      /** Parts that are on their way: until the last of them is there, the worker may have nothing to do. */
      let missing = 0;
      const fail = (problem: ParquetProblem) => reject(failure(problem));
      const tell = (message: IAsked, moved: Transferable[] = []) => {
        worker.postMessage(message, moved);
        if (missing === 0) {
          thinking = setTimeout(() => fail('slow'), THINKING);
        }
      };
      const fetch = (part: number, start: number, end: number) => {
        missing++;
        clearTimeout(thinking);
        api
          .artifactPart(id, version, start, end)
          .then(bytes => {
            missing--;
            tell({ kind: 'part', part, bytes }, [bytes]);
          })
          .catch(reject);
      };
      worker.onerror = () => fail('broken');
      worker.onmessage = ({ data }: MessageEvent<IAnswered>) => {
        if (data.kind === 'want') {
          fetch(data.part, data.start, data.end);
        } else if (data.kind === 'head') {
          resolve(data.head);
        } else {
          fail(data.problem);
        }
      };
      tell({ kind: 'read', size, most });
    });
  } finally {
    clearTimeout(thinking);
    worker.terminate();
  }
}

function failure(problem: ParquetProblem): HubError {
  const [message, hint] = WORDS[problem]();
  return new HubError({ code: `parquet_${problem}`, message, hint });
}

const load = () => trans.__('Insert it into a notebook, which loads it with pandas.');

const WORDS: Readonly<Record<ParquetProblem, () => [string, string]>> = {
  foreign: () => [trans.__('This is no Parquet file.'), trans.__('Download it to see what it is.')],
  broken: () => [
    trans.__('This Parquet file is broken: what it says of itself does not hold.'),
    trans.__('Ask for it to be written and published again.')
  ],
  encrypted: () => [
    trans.__('This Parquet file is encrypted.'),
    trans.__('Insert it into a notebook, and load it there with its keys.')
  ],
  large: () => [
    trans.__('What this Parquet file says of itself is too long for a preview.'),
    load()
  ],
  slow: () => [trans.__('It took too long to read this Parquet file.'), load()]
};
