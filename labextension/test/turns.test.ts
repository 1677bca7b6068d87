import { describe, expect, it } from 'vitest';

import { after, hasFailed, lineCounts, summary } from '../src/turns';
import { command, message, turn } from './values';

describe('a turn', () => {
  it('takes items, their text and their ends, in the order in which they began', () => {
    let known = after(turn(), { type: 'item', number: 1, item: message({ id: 'm', text: 'He' }) });
    known = after(known, { type: 'item', number: 1, item: command({ id: 'c' }) });
    known = after(known, { type: 'text', number: 1, item: 'm', text: 'ron' });
    known = after(known, { type: 'item', number: 1, item: command({ id: 'c', exit_code: 0 }) });
    expect(known.items).toEqual([
      message({ id: 'm', text: 'Heron' }),
      command({ id: 'c', exit_code: 0 })
    ]);
  });

  it('leaves out the text of an item that it does not know', () => {
    const before = turn();
    expect(after(before, { type: 'text', number: 1, item: 'm', text: 'ron' })).toBe(before);
  });

  it('keeps its items as all else of it changes', () => {
    const before = turn({ items: [message()] });
    const known = after(before, { type: 'turn', turn: turn({ status: 'completed' }) });
    expect(known.status).toBe('completed');
    expect(known.items).toBe(before.items);
  });

  it('leaves the items that it had as they were', () => {
    const before = turn({ items: [message({ id: 'm', text: 'He' }), command({ id: 'c' })] });
    const known = after(before, { type: 'text', number: 1, item: 'm', text: 'ron' });
    expect(before.items[0]).toMatchObject({ text: 'He' });
    expect(known.items[1]).toBe(before.items[1]);
  });
});

describe('what is said of a turn', () => {
  it('counts commands, files and words', () => {
    const change = { path: 'a.py', kind: 'update' as const, moved_to: '', diff: '' };
    const files = { type: 'files' as const, id: 'f', status: 'completed' as const, text: '' };
    expect(
      summary([
        command(),
        command({ id: 'c2' }),
        // One file that was edited twice is one file.
        { ...files, changes: [change, { ...change, path: 'b.py' }] },
        { ...files, id: 'f2', changes: [change] },
        message({ text: 'A heron\nand a crane.' })
      ])
    ).toBe('2 commands, 2 files edited, answer of 5 words');
  });

  it('is empty where nothing happened', () => {
    expect(summary([])).toBe('');
  });

  it('calls a command failed by its exit code, whatever its status', () => {
    expect(hasFailed(command({ status: 'completed', exit_code: 2 }))).toBe(true);
    expect(hasFailed(command({ status: 'completed', exit_code: 0 }))).toBe(false);
    expect(hasFailed(message({ status: 'failed' }))).toBe(true);
  });

  it('counts the lines of edited, new and deleted files', () => {
    const change = { path: 'a', moved_to: '' };
    expect(
      lineCounts([
        { ...change, kind: 'update', diff: '@@ -1,2 +1,2 @@\n-old\n+new\n+newer\n same\n' },
        { ...change, kind: 'add', diff: 'one\ntwo\n' },
        { ...change, kind: 'delete', diff: 'gone' },
        { ...change, kind: 'add', diff: '' }
      ])
    ).toEqual({ added: 4, removed: 2 });
  });
});
