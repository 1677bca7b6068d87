import { describe, expect, it } from 'vitest';

import { beginning, ending } from '../src/chatpage/cut';
import { firstLines, hunksOf, hunksOfChange } from '../src/chatpage/patch';
import { linesIn } from '../src/chatpage/token';

const PATCH = `diff --git a/half.py b/half.py
index 1..2 100644
--- a/half.py
+++ b/half.py
@@ -1,3 +1,3 @@
 def half(x):
--- of it
+++ of it
     return x
@@ -20 +20,2 @@ class Loss:
-a
\\ No newline at end of file
+b
+c
`;

describe('a patch', () => {
  it('has hunks with the numbers of its lines on both sides', () => {
    const [first, second] = hunksOf(PATCH);
    expect(first?.lines).toEqual([
      { sign: ' ', before: 1, after: 1, text: 'def half(x):' },
      // What looks like a header is a line of the file.
      { sign: '-', before: 2, after: null, text: '-- of it' },
      { sign: '+', before: null, after: 2, text: '++ of it' },
      { sign: ' ', before: 3, after: 3, text: '    return x' }
    ]);
    expect(second?.place).toBe('class Loss:');
    expect(second?.lines.map(({ sign, text }) => sign + text)).toEqual(['-a', '+b', '+c']);
  });

  it('has no hunk where no line changed', () => {
    expect(hunksOf('diff --git a/a b/a\nold mode 100644\nnew mode 100755\n')).toEqual([]);
  });

  it('is all of a file that is new or gone', () => {
    expect(hunksOfChange({ kind: 'add', diff: 'one\n\n' })[0]?.lines).toEqual([
      { sign: '+', before: null, after: 1, text: 'one' },
      { sign: '+', before: null, after: 2, text: '' }
    ]);
    expect(hunksOfChange({ kind: 'delete', diff: 'one' })[0]?.lines[0]?.sign).toBe('-');
    expect(hunksOfChange({ kind: 'add', diff: '' })[0]?.lines).toEqual([]);
  });

  it('is cut at a number of lines', () => {
    const lines = firstLines(hunksOf(PATCH), 5).map(hunk => hunk.lines.length);
    expect(lines).toEqual([4, 1]);
  });
});

describe('coloured code', () => {
  it('is told by lines, where a colour goes on over the end of one', () => {
    const box = document.createElement('pre');
    box.innerHTML = '<span class="k">def</span> f\n<span class="s">"""a\nb"""</span>';
    expect(linesIn(box)).toEqual([
      [
        { text: 'def', className: 'k' },
        { text: ' f', className: '' }
      ],
      [{ text: '"""a', className: 's' }],
      [{ text: 'b"""', className: 's' }]
    ]);
  });
});

describe('a long text', () => {
  const text = 'first\nsecond\nthird\n';

  it('is cut at the end of a line', () => {
    expect(beginning(text, 15)).toEqual({ text: 'first\nsecond', left: 7 });
    expect(ending(text, 10)).toEqual({ text: 'third\n', left: 13 });
  });

  it('is cut within a line that is too long', () => {
    expect(beginning('a'.repeat(100), 10)).toEqual({ text: 'a'.repeat(10), left: 90 });
    expect(ending('a'.repeat(100), 10)).toEqual({ text: 'a'.repeat(10), left: 90 });
  });

  it('is left as it is where it is short', () => {
    expect(beginning(text, 100)).toEqual({ text, left: 0 });
    expect(ending(text, 100)).toEqual({ text, left: 0 });
  });
});
