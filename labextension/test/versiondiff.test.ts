import { describe, expect, it } from 'vitest';

import { hunksBetween, laidOut } from '../src/versiondiff';

const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `${from + index}\n`).join('');

describe('what changed between two versions', () => {
  it('is told in hunks, with the lines around it and their numbers', async () => {
    const before = numbers(40);
    const after = before.replace('\n20\n', '\ntwenty\n').replace('\n39\n', '\n39\n40\n');
    const hunks = await hunksBetween(before, after);
    expect(hunks?.map(({ lines }) => lines.map(({ sign, text }) => sign + text))).toEqual([
      [' 17', ' 18', ' 19', '-20', '+twenty', ' 21', ' 22', ' 23'],
      [' 37', ' 38', ' 39', '+40']
    ]);
    expect(hunks?.[0]?.lines[3]).toMatchObject({ before: 21, after: null });
    expect(hunks?.[1]?.lines[3]).toMatchObject({ before: null, after: 41 });
  });

  it('is nothing where they are the same, and all of a text that was empty', async () => {
    expect(await hunksBetween('a\n', 'a\n')).toEqual([]);
    expect((await hunksBetween('', 'a\nb'))?.[0]?.lines.map(({ sign }) => sign)).toEqual([
      '+',
      '+'
    ]);
  });

  it('keeps lines that look like a patch apart from one', async () => {
    const [hunk] = (await hunksBetween('@@ -1 +1 @@\n-a\n', '@@ -1 +1 @@\n+a\n')) ?? [];
    expect(hunk?.lines.map(({ sign, text }) => [sign, text])).toEqual([
      [' ', '@@ -1 +1 @@'],
      ['-', '-a'],
      ['+', '+a']
    ]);
  });

  it('is told by value of JSON in one line', () => {
    expect(laidOut('{"seed": 1, "rates": [0.1]}\n')).toBe(
      '{\n  "seed": 1,\n  "rates": [\n    0.1\n  ]\n}\n'
    );
    expect(laidOut('{\n"seed": 1}')).toBe('{\n"seed": 1}');
    expect(laidOut('{"seed": ')).toBe('{"seed": ');
  });

  it('is not told where it would take too long', async () => {
    expect(await hunksBetween(numbers(150_000), numbers(150_000, 1_000_000))).toBe(null);
  });
});
