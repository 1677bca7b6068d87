import { describe, expect, it } from 'vitest';

import { neighbour, rowsInView } from '../src/gallerywindow';

const SHAPE = { columns: 3, height: 100, gap: 10 };

describe('the window of a gallery', () => {
  it('has the rows in view and some around them, of each group', () => {
    const counts = [3, 300, 0, 7];
    expect(rowsInView(counts, SHAPE, 0, 500)).toEqual([
      [0, 1],
      [0, 9],
      [0, 0],
      [0, 0]
    ]);
    const [first, second] = rowsInView(counts, SHAPE, 5000, 5500);
    expect(first).toEqual([1, 1]);
    // The second group begins at 152 pixels, and its files at 188.
    expect(second).toEqual([38, 54]);
  });

  it('has few files of however many, wherever it is', () => {
    const counts = Array.from({ length: 200 }, () => 10);
    for (let from = 0; from < 200 * 480; from += 777) {
      const drawn = rowsInView(counts, SHAPE, from, from + 800);
      const files = drawn.reduce((sum, [first, end]) => sum + 3 * (end - first), 0);
      expect(files).toBeGreaterThan(15);
      expect(files).toBeLessThan(120);
    }
  });
});

describe('the arrow keys in a gallery', () => {
  // 0 1 2 | 3   and then   4 5   and then   6 7 8 | 9 10 11
  const counts = [4, 2, 0, 6];
  const from = (at: number, key: string) => neighbour(key, at, counts, SHAPE);

  it('move within a row and over its ends', () => {
    expect([from(2, 'ArrowRight'), from(3, 'ArrowRight'), from(3, 'ArrowLeft')]).toEqual([3, 4, 2]);
    expect([from(0, 'ArrowLeft'), from(11, 'ArrowRight')]).toEqual([undefined, undefined]);
    expect([from(5, 'Home'), from(5, 'End')]).toEqual([0, 11]);
  });

  it('move to the nearest file of the next row, also of another group', () => {
    expect([from(0, 'ArrowDown'), from(2, 'ArrowDown'), from(3, 'ArrowDown')]).toEqual([3, 3, 4]);
    expect([from(5, 'ArrowDown'), from(7, 'ArrowDown')]).toEqual([7, 10]);
    expect([from(8, 'ArrowUp'), from(5, 'ArrowUp'), from(3, 'ArrowUp')]).toEqual([5, 3, 0]);
    expect([from(1, 'ArrowUp'), from(9, 'ArrowDown')]).toEqual([undefined, undefined]);
  });

  it('are no other keys', () => {
    expect(from(3, 'a')).toBe(undefined);
  });
});
