import { describe, expect, it } from 'vitest';

import { visible } from '../src/visible';

describe('what a person is asked to allow', () => {
  it('hides nothing and turns nothing', () => {
    expect(visible('ls \u202e#; rm -rf ~\u2066')).toBe('ls ‹U+202E›#; rm -rf ~‹U+2066›');
    expect(visible('a\u200bb\u{e0041}c\rd\u001b[2Ke\u2028f')).toBe(
      'a‹U+200B›b‹U+E0041›c‹U+000D›d‹U+001B›[2Ke‹U+2028›f'
    );
  });

  it('is one file in a line', () => {
    expect(visible('add a.txt\nadd b.txt', '')).toBe('add a.txt‹U+000A›add b.txt');
  });

  it('is else as it was written', () => {
    const text = 'for f in *.txt; do\n\techo "ü 💫 العربية"\ndone';
    expect(visible(text)).toBe(text);
  });
});
