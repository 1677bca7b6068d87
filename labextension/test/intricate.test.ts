import { describe, expect, it } from 'vitest';

import { isIntricate } from '../src/intricate';

describe('Markdown that a page can draw', () => {
  it.each([
    ['emphasis that never ends', '*a '.repeat(5000)],
    ['marks alone', '_'.repeat(5000)],
    ['marks in lines that look empty', '*a\n\u00a0\n'.repeat(5000)],
    ['a word without an end', 'a'.repeat(40_000)],
    ['what other systems take for lines', '*a\r'.repeat(5000)]
  ])('is not %s', (_, text) => {
    expect(isIntricate(text)).toBe(true);
  });

  it.each([
    ['long', 'Some *words* of it.\n\n'.repeat(5000)],
    ['code with names like_this', `\`\`\`python\n${'a_b = c_d * 2\n'.repeat(200)}\`\`\``],
    ['nothing', '']
  ])('may be %s', (_, text) => {
    expect(isIntricate(text)).toBe(false);
  });
});
