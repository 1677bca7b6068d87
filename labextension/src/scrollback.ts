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
  const { active } = screen.buffer;
  const wanted = match.text.trimEnd();
  let left = repeats;
  let text = '';
  for (let row = active.length - 1; row >= 0; row -= 1) {
    const line = active.getLine(row);
    if (!line) {
      continue;
    }
    text = line.translateToString(false) + text;
    if (line.isWrapped && row > 0) {
      continue;
    }
    if (text.trimEnd() === wanted) {
      if (left === 0) {
        const at = row * screen.cols + match.start;
        screen.scrollToLine(
          Math.max(0, Math.floor(at / screen.cols) - Math.floor(screen.rows / 2))
        );
        screen.select(at % screen.cols, Math.floor(at / screen.cols), match.end - match.start);
        return true;
      }
      left -= 1;
    }
    text = '';
  }
  screen.clearSelection();
  return false;
}
