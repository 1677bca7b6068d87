import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { TerminalMatch } from '../src/api';
import { Scrollback, type IScreen } from '../src/scrollback';
import { TerminalSearch } from '../src/terminalsearch';
import { TestServer } from './server';

const until = (claim: () => void) => vi.waitFor(claim, { timeout: 5000, interval: 5 });

const match = (line: number, text: string, start = 0, end = 3): TerminalMatch => ({
  line,
  text,
  spans: [[start, end]]
});

const found = (...matches: TerminalMatch[]) => ({
  body: { query: '', lines: 10, complete: true, matches }
});

describe('TerminalSearch', () => {
  let server: TestServer;
  let search: TerminalSearch;

  beforeEach(async () => {
    server = await TestServer.start();
    search = new TerminalSearch(server.api, 'c1', 5);
  });

  afterEach(async () => {
    search.dispose();
    await server.stop();
  });

  it('asks once for what was typed quickly, and begins at the newest line', async () => {
    const asked: (string | null)[] = [];
    server.on('GET terminals/c1/search', (_, url) => {
      asked.push(url.searchParams.get('q'));
      return found(match(9, 'foo'), match(3, 'foo bar'));
    });
    search.setQuery('f');
    search.setQuery('foo');
    expect(search.state).toBe('searching');
    await until(() => expect(search.state).toBe('done'));
    expect(asked).toEqual(['foo']);
    expect(search.index).toBe(0);
    search.step(1);
    expect(search.index).toBe(1);
    search.step(1);
    expect(search.index).toBe(0);
    search.step(-1);
    expect(search.index).toBe(1);
  });

  it('does not let a slow answer overwrite that of a later question', async () => {
    let open = () => {};
    const opened = new Promise<void>(resolve => {
      open = resolve;
    });
    server.on('GET terminals/c1/search', async (_, url) => {
      if (url.searchParams.get('q') === 'slow') {
        await opened;
        return found(match(1, 'slow'));
      }
      return found(match(2, 'fast'));
    });
    search.setQuery('slow');
    const slow = search.search();
    search.setQuery('fast');
    await until(() => expect(search.matches[0]?.text).toBe('fast'));
    open();
    await slow;
    expect(search.matches[0]?.text).toBe('fast');
  });

  it('says why there is no answer, and finds on a second try', async () => {
    const body = { code: 'not_found', message: 'No such terminal.', hint: '' };
    server.on('GET terminals/c1/search', () => ({ status: 404, body }));
    search.setQuery('x');
    await until(() => expect(search.state).toBe('failed'));
    expect(search.error?.message).toBe('No such terminal.');
    server.on('GET terminals/c1/search', () => found());
    await search.search();
    expect(search.state).toBe('done');
    expect(search.error).toBeNull();
  });

  it('is idle again with an empty field', async () => {
    server.on('GET terminals/c1/search', () => found(match(1, 'foo')));
    search.setQuery('foo');
    await until(() => expect(search.state).toBe('done'));
    search.setQuery('');
    expect(search.state).toBe('idle');
    expect(search.matches).toEqual([]);
  });

  it('tells which of several lines of the same text a match is in', async () => {
    server.on('GET terminals/c1/search', () =>
      found(match(9, 'same'), match(5, 'other'), match(2, 'same'))
    );
    search.setQuery('x');
    await until(() => expect(search.state).toBe('done'));
    expect(search.repeats).toBe(0);
    search.choose(1);
    expect(search.repeats).toBe(0);
    search.choose(2);
    expect(search.repeats).toBe(1);
  });
});

/** A screen with these rows; one that begins with `+` goes on with the row before it. */
function screen(rows: string[], cols = 5): IScreen & { did: string[] } {
  const did: string[] = [];
  const line = (text: string) => ({
    isWrapped: text.startsWith('+'),
    translateToString: () => text.replace('+', '').padEnd(cols)
  });
  return {
    did,
    cols,
    rows: 4,
    buffer: {
      active: {
        length: rows.length,
        baseY: 0,
        cursorY: rows.length - 1,
        getLine: row => line(rows[row]!)
      }
    },
    select: (column, row, length) => did.push(`select ${column},${row} ${length}`),
    clearSelection: () => did.push('clear'),
    scrollToLine: row => did.push(`scroll ${row}`),
    registerMarker: rows => {
      did.push(`mark ${rows}`);
      return { dispose: () => did.push('unmark') };
    },
    registerDecoration: ({ x, width }) => did.push(`decorate ${x} ${width}`)
  };
}

describe('Scrollback', () => {
  it('selects what was found and scrolls to it', () => {
    const shown = screen(['one', 'two', 'three', 'four', 'five']);
    expect(new Scrollback(shown).show(match(0, 'four', 1, 3), 0)).toBe(true);
    expect(shown.did).toEqual(['clear', 'scroll 1', 'select 1,3 2', 'mark -1', 'decorate 1 2']);
  });

  it('finds a line that is wrapped', () => {
    const shown = screen(['one', 'abcde', '+fghij', '+k', 'end']);
    expect(new Scrollback(shown).show(match(0, 'abcdefghijk', 6, 8), 0)).toBe(true);
    expect(shown.did).toContain('select 1,2 2');
    expect(shown.did).toContain('scroll 0');
  });

  it('finds what is one row of a line that is wrapped here', () => {
    const shown = screen(['abcde', '+fghij', 'end']);
    expect(new Scrollback(shown).show(match(0, 'fghij', 1, 2), 0)).toBe(true);
    expect(shown.did).toContain('select 1,1 1');
  });

  it('passes over newer lines of the same text', () => {
    const shown = screen(['same', 'x', 'same', 'same']);
    expect(new Scrollback(shown).show(match(0, 'same', 0, 4), 1)).toBe(true);
    expect(shown.did).toContain('select 0,2 4');
  });

  it('takes the mark of the one before away', () => {
    const shown = screen(['one', 'two']);
    const scrollback = new Scrollback(shown);
    scrollback.show(match(0, 'one'), 0);
    shown.did.length = 0;
    scrollback.show(match(0, 'two'), 0);
    expect(shown.did.slice(0, 2)).toEqual(['clear', 'unmark']);
  });

  it('selects nothing where the line is gone', () => {
    const shown = screen(['one']);
    expect(new Scrollback(shown).show(match(0, 'gone'), 0)).toBe(false);
    expect(shown.did).toEqual(['clear']);
  });
});
