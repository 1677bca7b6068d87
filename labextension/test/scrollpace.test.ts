import { expect, test } from 'vitest';

import { ScrollPace } from '../src/scrollpace';

const FRAME = 16;

test('a leap is no quick scroll', () => {
  const pace = new ScrollPace();

  expect(pace.isFast(900, 0)).toBe(false);
  expect(pace.isFast(1800, 500)).toBe(false);
});

test('a scroll by much in each frame is a quick one, in both directions', () => {
  const pace = new ScrollPace();
  pace.isFast(0, 0);

  expect(pace.isFast(120, FRAME)).toBe(true);
  expect(pace.isFast(240, 2 * FRAME)).toBe(true);
  expect(pace.isFast(120, 3 * FRAME)).toBe(true);
});

test('a scroll by little in each frame is no quick one', () => {
  const pace = new ScrollPace();
  pace.isFast(0, 0);

  expect(pace.isFast(20, FRAME)).toBe(false);
  expect(pace.isFast(40, 2 * FRAME)).toBe(false);
});
