import { describe, expect, it } from 'vitest';

import { hasLines } from '../src/artifactkinds';
import { delimited } from '../src/delimited';
import { atVersion, chosen, grouped, keyOf } from '../src/gallery';
import { artifact } from './values';

const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`;

const plot = artifact({ id: 'a', name: 'loss.png', turn: 2, prompt: 'Plot it', created_at: at(5) });
const table = artifact({
  id: 'b',
  name: 'ablation.csv',
  turn: 1,
  prompt: 'Compare',
  created_at: at(1)
});
const notes = artifact({ id: 'c', name: 'notes.md', turn: null, prompt: '', created_at: at(3) });
const nameOf = (chat: string) => `Chat ${chat}`;

describe('a gallery', () => {
  it('finds files by all words of their name and their prompt, the newest first', () => {
    const files = [table, plot, notes];
    expect(chosen(files, { query: '', kind: 'all' })).toEqual([plot, notes, table]);
    expect(chosen(files, { query: 'plot LOSS', kind: 'all' })).toEqual([plot]);
    expect(chosen(files, { query: 'plot ablation', kind: 'all' })).toEqual([]);
    expect(chosen(files, { query: '', kind: 'table' })).toEqual([table]);
  });

  it('groups them by prompt, in the order of the newest of each', () => {
    const second = { ...plot, id: 'd', created_at: at(4) };
    const groups = grouped(
      chosen([table, plot, notes, second], { query: '', kind: 'all' }),
      'prompt',
      nameOf,
      true
    );
    expect(groups.map(({ turn, title, files }) => [turn, title, files.length])).toEqual([
      [2, 'Plot it', 2],
      [null, 'In no prompt', 1],
      [1, 'Compare', 1]
    ]);
    expect(groups[0]!.chat).toBe('');
  });

  it('keeps the prompts of two chats apart, and says whose they are', () => {
    const other = { ...plot, id: 'e', chat: 'other' };
    const groups = grouped([plot, other], 'prompt', nameOf, false);
    expect(groups.map(({ chat }) => chat)).toEqual([`Chat ${plot.chat}`, 'Chat other']);
  });

  it('compares versions of what is made of lines, as a drawing in SVG is', () => {
    const named = (name: string) => hasLines({ ...plot, name });
    expect(['a.py', 'a.csv', 'a.ipynb', 'a.svg'].map(named)).toEqual([true, true, true, true]);
    expect(['a.png', 'a.parquet', 'a.pdf'].map(named)).toEqual([false, false, false]);
  });

  it('knows a version of a file from another', () => {
    const first = {
      artifact: 'a',
      version: 1,
      size: 3,
      sha256: '',
      turn: 1,
      prompt: 'Draw',
      created_at: at(0)
    };
    const old = atVersion({ ...plot, version: 2 }, first);
    expect(keyOf(old)).not.toBe(keyOf({ ...plot, version: 2 }));
    expect([old.name, old.size, old.turn, old.prompt]).toEqual(['loss.png', 3, 1, 'Draw']);
  });
});

describe('the head of a table', () => {
  it('has fields in quotes, with what is in them', () => {
    expect(delimited('a,"b, ""c""\nd"\r\n1,2\n', ',', 9, true)).toEqual([
      ['a', 'b, "c"\nd'],
      ['1', '2']
    ]);
  });

  it('has no more rows than are asked for, and none that is cut off', () => {
    expect(delimited('a\nb\nc\n', ',', 2, true)).toEqual([['a'], ['b']]);
    expect(delimited('a,b\n1,2', ',', 9, false)).toEqual([['a', 'b']]);
    expect(delimited('a,b\n1,2', ',', 9, true)).toEqual([
      ['a', 'b'],
      ['1', '2']
    ]);
  });

  it('ends where it is no table any more', () => {
    expect(delimited('a,b\n"never closed', ',', 9, true)).toEqual([['a', 'b']]);
  });

  it('has empty fields where there are', () => {
    expect(delimited(',b,\n', ',', 9, true)).toEqual([['', 'b', '']]);
  });
});
