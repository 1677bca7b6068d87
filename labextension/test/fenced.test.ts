import { describe, expect, it } from 'vitest';

import { fenced } from '../src/fenced';

describe('a text as a block of code', () => {
  it('is not left by the ticks in it', () => {
    expect(fenced('a\n````\nb', 'json')).toBe('`````json\na\n````\nb\n`````');
    expect(fenced('', 'python')).toBe('```python\n\n```');
  });

  it('may hold any number of them', () => {
    expect(fenced('` '.repeat(500_000), 'json')).toMatch(/^```json\n/);
  });
});
