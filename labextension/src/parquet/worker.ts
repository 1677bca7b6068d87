import { parquetHead, type IHeadSize } from './head';
import { limitRoom } from './room';
import type { IAnswered, IAsked } from './reading';
import { ParquetError, type IByteSource } from './source';

/** What a worker has of the scope that TypeScript takes for a window's. */
interface IWorkerScope {
  postMessage(message: IAnswered): void;
  onmessage: ((event: MessageEvent<IAsked>) => void) | null;
}

const scope = self as unknown as IWorkerScope;

/** Parts of the file that were asked for, by their number. */
const wanted: ((bytes: ArrayBuffer) => void)[] = [];

limitRoom(globalThis);

scope.onmessage = ({ data }) => {
  if (data.kind === 'read') {
    void read(data.size, data.most);
  } else {
    wanted[data.part]?.(data.bytes);
  }
};

async function read(size: number, most: IHeadSize): Promise<void> {
  const source: IByteSource = {
    byteLength: size,
    slice: (start, end) =>
      new Promise(resolve => {
        const part = wanted.push(resolve) - 1;
        scope.postMessage({ kind: 'want', part, start, end });
      })
  };
  try {
    scope.postMessage({ kind: 'head', head: await parquetHead(source, most) });
  } catch (reason) {
    const problem = reason instanceof ParquetError ? reason.problem : 'broken';
    scope.postMessage({ kind: 'failed', problem });
  }
}
