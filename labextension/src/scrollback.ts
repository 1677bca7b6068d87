import type { TerminalMatch } from './api';

/** What is used of an xterm.js terminal. */
export interface IScreen {
  readonly cols: number;
  readonly rows: number;
  readonly buffer: {
    readonly active: {
      readonly length: number;
      getLine(row: number): IScreenLine | undefined;
    };
  };
  select(column: number, row: number, length: number): void;
  clearSelection(): void;
  scrollToLine(row: number): void;
}

interface IScreenLine {
  readonly isWrapped: boolean;
  translateToString(trimRight?: boolean): string;
}

/**
 * Bring a line of the history into view and select what was found in it, where the browser still has the line.
 *
 * The browser's rows and the hub's lines are counted from other beginnings, so the line is found by its text: `repeats`
 * newer lines of the same text are passed over.
 *
 * @returns whether the browser has the line.
 */
export function reveal(screen: IScreen, match: TerminalMatch, repeats: number): boolean {
  let left = repeats;
  for (const place of places(screen, match.text.trimEnd())) {
    if (left > 0) {
      left -= 1;
      continue;
    }
    const [start, end] = match.spans[0] ?? [0, 0];
    const cell = place + start;
    const row = Math.floor(cell / screen.cols);
    screen.scrollToLine(Math.max(0, row - Math.floor(screen.rows / 2)));
    screen.select(cell % screen.cols, row, end - start);
    return true;
  }
  screen.clearSelection();
  return false;
}

/** Where lines of a text begin, in cells from the first of the buffer, the newest first. */
function* places(screen: IScreen, wanted: string): Generator<number> {
  const { active } = screen.buffer;
  let rows: string[] = [];
  for (let row = active.length - 1; row >= 0; row -= 1) {
    const line = active.getLine(row);
    rows.unshift(line?.translateToString(false) ?? '');
    if (line?.isWrapped && row > 0) {
      continue;
    }
    // What is one line here may be several there, where the terminal was narrower, and the other way round.
    const whole = rows.join('');
    const isLong = wanted.length > screen.cols;
    const at = isLong ? whole.indexOf(wanted) : whole.trimEnd() === wanted ? 0 : -1;
    if (at >= 0) {
      yield row * screen.cols + at;
    } else {
      const found = rows.findLastIndex(text => text.trimEnd() === wanted);
      if (found >= 0) {
        yield (row + found) * screen.cols;
      }
    }
    rows = [];
  }
}
