import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { HubError, type HubApi } from '../src/api';
import { readParquet, type IAnswered, type IAsked } from '../src/parquet/reading';
import { artifact } from './values';

const MOST = { rows: 2, columns: 2 };

const HEAD = { names: ['bird'], rows: [['wren']], total: 1, unread: [] };

/** A worker that does what a test told it to. */
class StandIn {
  static made: StandIn[] = [];
  readonly heard: IAsked[] = [];
  onmessage: ((event: { data: IAnswered }) => void) | null = null;
  onerror: (() => void) | null = null;
  isOver = false;

  constructor() {
    StandIn.made.push(this);
  }

  postMessage(message: IAsked): void {
    this.heard.push(message);
  }

  say(data: IAnswered): void {
    this.onmessage?.({ data });
  }

  terminate(): void {
    this.isOver = true;
  }
}

const file = artifact({ id: 'a', name: 'birds.parquet', version: 3, size: 1000 });

beforeEach(() => {
  StandIn.made = [];
  vi.stubGlobal('Worker', StandIn);
  vi.useFakeTimers();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Begin to read a file whose parts are answered by `part`. */
function begun(part: (start: number, end: number) => Promise<ArrayBuffer>) {
  const asked: unknown[] = [];
  const api = {
    artifactPart: (...args: [string, number, number, number]) => {
      asked.push(args);
      return part(args[2], args[3]);
    }
  } as unknown as HubApi;
  const reading = readParquet(file, api, MOST).catch((reason: unknown) => reason);
  return { reading, asked, worker: StandIn.made[0]! };
}

describe('a Parquet file that is read in a worker', () => {
  it('is brought there in the parts that are wanted', async () => {
    const { reading, asked, worker } = begun((start, end) =>
      Promise.resolve(new ArrayBuffer(end - start))
    );
    worker.say({ kind: 'want', part: 0, start: 990, end: 1000 });
    await vi.waitFor(() => expect(worker.heard).toHaveLength(2));
    expect(worker.heard).toMatchObject([
      { kind: 'read', size: 1000, most: MOST },
      { kind: 'part', part: 0, bytes: { byteLength: 10 } }
    ]);
    expect(asked).toEqual([['a', 3, 990, 1000]]);
    worker.say({ kind: 'head', head: HEAD });
    expect(await reading).toBe(HEAD);
    expect(worker.isOver).toBe(true);
  });

  it('is given up where the worker thinks too long, and not where a part of it is long on its way', async () => {
    let arrive: (bytes: ArrayBuffer) => void = () => undefined;
    const { reading, worker } = begun(() => new Promise(resolve => (arrive = resolve)));
    worker.say({ kind: 'want', part: 0, start: 0, end: 10 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(worker.isOver).toBe(false);
    arrive(new ArrayBuffer(10));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(worker.isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await reading).toMatchObject({ code: 'parquet_slow' });
    expect(worker.isOver).toBe(true);
  });

  it('says why it is not shown', async () => {
    const failed = begun(() => Promise.resolve(new ArrayBuffer(0)));
    failed.worker.say({ kind: 'failed', problem: 'encrypted' });
    expect(await failed.reading).toMatchObject({ message: 'This Parquet file is encrypted.' });

    const ended = begun(() => Promise.resolve(new ArrayBuffer(0)));
    StandIn.made[1]!.onerror?.();
    expect(await ended.reading).toMatchObject({ code: 'parquet_broken' });

    const refusal = new HubError({ code: 'not_found', message: 'It is gone.', hint: '' });
    const gone = begun(() => Promise.reject(refusal));
    StandIn.made[2]!.say({ kind: 'want', part: 0, start: 0, end: 10 });
    expect(await gone.reading).toBe(refusal);
    expect(StandIn.made.map(({ isOver }) => isOver)).toEqual([true, true, true]);
  });
});
