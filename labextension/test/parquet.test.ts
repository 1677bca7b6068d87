// @vitest-environment node
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';

import { parquetMetadata } from 'hyparquet';
import { describe, expect, it } from 'vitest';

import { parquetHead } from '../src/parquet/head';
import { firstPages } from '../src/parquet/pages';
import { limitRoom } from '../src/parquet/room';
import type { IByteSource } from '../src/parquet/source';

const MOST = { rows: 100, columns: 30 };

/** A file, and which parts of it were asked for. */
class File implements IByteSource {
  readonly asked: [number, number][] = [];

  constructor(
    readonly bytes: Uint8Array,
    readonly byteLength = bytes.length
  ) {}

  static of(name: string): File {
    return new File(new Uint8Array(readFileSync(new URL(`data/${name}.parquet`, import.meta.url))));
  }

  /** The same file with nothing in particular before its footer, so that it is as large as one that is read in parts. */
  padded(size: number): File {
    const footer = this.bytes.length - this.footer - 8;
    const padded = new Uint8Array(size + this.bytes.length);
    padded.set(this.bytes.subarray(0, footer));
    padded.set(this.bytes.subarray(footer), footer + size);
    return new File(padded);
  }

  get footer(): number {
    return new DataView(this.bytes.buffer).getUint32(this.bytes.length - 8, true);
  }

  set footer(claimed: number) {
    new DataView(this.bytes.buffer).setUint32(this.bytes.length - 8, claimed, true);
  }

  slice(start: number, end: number): Promise<ArrayBuffer> {
    this.asked.push([start, end]);
    return Promise.resolve(this.bytes.slice(start, end).buffer);
  }
}

describe('the head of a Parquet file', () => {
  it('has what pyarrow wrote, of every kind', async () => {
    const head = await parquetHead(File.of('birds'), MOST);
    expect(head.names).toEqual([
      'bird',
      'weight',
      'seen',
      'ringed',
      'day',
      'moment',
      'calls',
      'place',
      'raw'
    ]);
    expect(head.rows).toEqual([
      [
        'wren',
        '9.5',
        '3',
        'true',
        '2026-01-31',
        '2026-01-31 12:00:00.5',
        '["tic","tic"]',
        '{"lat":52.5,"lon":13.4}',
        '0x00ff'
      ],
      [null, '18.25', null, 'false', null, null, '[]', null, null],
      [
        'großer Specht',
        'NaN',
        '9007199254740993',
        null,
        '1969-07-20',
        '2026-01-01 00:00:00',
        null,
        '{"lat":null,"lon":1}',
        'x'.repeat(40)
      ]
    ]);
    expect([head.total, head.unread]).toEqual([3, []]);
  });

  it.each(['gzip', 'zstd', 'plain', 'groups'])('is read where it is written by %s', async name => {
    const head = await parquetHead(File.of(name), { rows: 25, columns: 1 });
    expect(head.rows).toEqual(Array.from({ length: 25 }, () => ['wren']));
    expect([head.names, head.total]).toEqual([['bird', 'seen'], 40]);
  });

  it.each(['brotli', 'lz4'])('says of a column that it is compressed by %s', async name => {
    const { unread, names, rows } = await parquetHead(File.of(name), MOST);
    expect([names, rows]).toEqual([['bird', 'seen'], []]);
    expect(unread.map(({ codec }) => codec)).toEqual(
      Array.from({ length: 2 }, () => (name === 'lz4' ? 'LZ4_RAW' : 'BROTLI'))
    );
  });

  it('asks for little of a large file', async () => {
    const file = File.of('birds').padded(50_000_000);
    const head = await parquetHead(file, { rows: 2, columns: 3 });
    expect(head.rows).toEqual([
      ['wren', '9.5', '3'],
      [null, '18.25', null]
    ]);
    const bytes = file.asked.reduce((sum, [start, end]) => sum + end - start, 0);
    expect(bytes).toBeLessThan(70_000);
    expect(file.asked).toHaveLength(4);
  });

  it('asks for a small file once', async () => {
    const file = File.of('birds');
    await parquetHead(file, MOST);
    expect(file.asked).toEqual([[0, file.byteLength]]);
  });
});

describe('the first pages of a column', () => {
  /** A column of many pages: the one of a small file, again and again. */
  const column = (pages: number) => {
    const { bytes } = File.of('plain');
    const { meta_data } = parquetMetadata(bytes.buffer as ArrayBuffer).row_groups[0]!.columns[0]!;
    const start = Number(meta_data!.data_page_offset);
    const page = bytes.subarray(start, start + Number(meta_data!.total_compressed_size));
    const all = new Uint8Array(pages * page.length).map((_, index) => page[index % page.length]!);
    return { page, file: new File(all) };
  };

  it('are whole pages, and little more is asked for', async () => {
    const { page, file } = column(1000);
    const found = await firstPages(file, 0, file.byteLength, 2);
    expect(found).toMatchObject({ isCut: true, bytes: { byteLength: 2 * page.length } });
    expect(file.asked).toEqual([[0, 2 ** 16]]);
  });

  it('are asked for once each, however many are wanted', async () => {
    const { page, file } = column(1000);
    const found = await firstPages(file, 0, file.byteLength, 400);
    expect(found.bytes.byteLength).toBe(400 * page.length);
    expect(file.asked.slice(1).map(([start]) => start)).toEqual(
      file.asked.slice(0, -1).map(([, end]) => end)
    );
    expect(file.asked.at(-1)![1]).toBeLessThan(400 * page.length + 2 ** 17);
  });

  it('are all that there are, where those are fewer', async () => {
    const { file } = column(3);
    const found = await firstPages(file, 0, file.byteLength, 4);
    expect(found).toMatchObject({ isCut: false, bytes: { byteLength: file.byteLength } });
  });

  it('are none of a part that the file does not have', async () => {
    const { file } = column(3);
    const longer = firstPages(file, 0, file.byteLength + 1, 1);
    await expect(longer).rejects.toMatchObject({ problem: 'broken' });
    await expect(firstPages(file, NaN, 9, 1)).rejects.toMatchObject({ problem: 'broken' });
  });
});

describe('a file that was made to do harm, or is broken', () => {
  it('is foreign where it does not end as one does', async () => {
    const text = new File(new TextEncoder().encode('bird,weight\nwren,9.5\n'));
    await expect(parquetHead(text, MOST)).rejects.toMatchObject({ problem: 'foreign' });
    await expect(parquetHead(new File(new Uint8Array(3)), MOST)).rejects.toMatchObject({
      problem: 'foreign'
    });
  });

  it('is broken where its footer claims to be longer than the file', async () => {
    const file = File.of('birds');
    file.footer = 0xfffffff0;
    await expect(parquetHead(file, MOST)).rejects.toMatchObject({ problem: 'broken' });
  });

  it('is not read where its footer is a gigabyte', async () => {
    const { bytes } = File.of('birds');
    const file = new File(bytes, 2 ** 31);
    file.slice = (start, end) => {
      file.asked.push([start, end]);
      const tail = new Uint8Array(end - start);
      tail.set(bytes.subarray(-8), tail.length - 8);
      return Promise.resolve(tail.buffer);
    };
    file.footer = 2 ** 30;
    await expect(parquetHead(file, MOST)).rejects.toMatchObject({ problem: 'large' });
    expect(file.asked).toEqual([[2 ** 31 - 2 ** 16, 2 ** 31]]);
  });

  it('is broken, or has columns that are, whichever byte of it is another', async () => {
    const { bytes } = File.of('plain');
    for (let at = 4; at < bytes.length - 8; at++) {
      const changed = bytes.slice();
      changed[at] = changed[at]! ^ 0xff;
      const found = await parquetHead(new File(changed), MOST).catch((reason: unknown) => reason);
      expect(found).toSatisfy(
        (head: { problem?: string; names?: string[] }) =>
          head.names !== undefined || head.problem === 'broken'
      );
    }
  });

  it('says that it is encrypted', async () => {
    const file = File.of('plain');
    file.bytes.set(new TextEncoder().encode('PARE'), file.bytes.length - 4);
    await expect(parquetHead(file, MOST)).rejects.toMatchObject({ problem: 'encrypted' });
  });
});

describe('the room of a program that reads files', () => {
  const run = (program: string): unknown => {
    const scope = runInContext('globalThis', createContext({})) as typeof globalThis;
    limitRoom(scope);
    return (scope as unknown as { eval: (program: string) => unknown }).eval(
      `'use strict'; ${program}`
    );
  };

  it.each(['Array', 'ArrayBuffer', 'Uint8Array', 'Int32Array', 'Float64Array', 'BigInt64Array'])(
    'is limited for %s',
    name => {
      expect(run(`new ${name}(10).constructor === ${name}`)).toBe(true);
      expect(() => run(`new ${name}(2 ** 31)`)).toThrow('More room');
      expect(() => run(`new (new ${name}(10).constructor)(2 ** 31)`)).toThrow('More room');
    }
  );

  it('does not grow past the length that an array was made with', () => {
    expect(() => run('Array(2 ** 31)')).toThrow('More room');
    expect(() => run('const a = Array(3); a[3] = 3;')).toThrow('not extensible');
    expect(() => run('const a = new Array(3); for (let i = 0; i < 5; i++) a[i] = i;')).toThrow(
      'not extensible'
    );
    expect(run('const a = new Array(3); a.length = 0; a.length')).toBe(0);
    expect(run('[1, 2, 3].filter(n => n > 1).map(n => 2 * n).concat(new Array(2)).join()')).toBe(
      '4,6,,'
    );
  });
});
