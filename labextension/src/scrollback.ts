import type { TerminalMatch } from './api';

/** What is used of an xterm.js terminal. */
export interface IScreen {
  readonly cols: number;
  readonly rows: number;
  readonly buffer: {
    readonly active: {
      readonly length: number;
      readonly baseY: number;
      readonly cursorY: number;
      getLine(row: number): IScreenLine | undefined;
    };
  };
  select(column: number, row: number, length: number): void;
  clearSelection(): void;
  scrollToLine(row: number): void;
  registerMarker(rowsFromCursor: number): IMarker | undefined;
  registerDecoration(options: {
    marker: IMarker;
    x: number;
    width: number;
    backgroundColor: string;
    foregroundColor: string;
    layer: 'bottom' | 'top';
  }): unknown;
}

/** A row that is followed as others come and go; what decorates it goes with it. */
interface IMarker {
  dispose(): void;
}

interface IScreenLine {
  readonly isWrapped: boolean;
  translateToString(trimRight?: boolean): string;
}

/** Of what was found; a selection alone is hard to see where the terminal has no focus. */
const HIGHLIGHT = {
  backgroundColor: '#ffcf70',
  foregroundColor: '#000000',
  layer: 'top'
} as const;

/** Brings lines of a terminal's history into view, where the browser still has them. */
export class Scrollback {
  constructor(screen: IScreen) {
    this._screen = screen;
  }

  /**
   * Scroll to a line, select and mark what was found in it.
   *
   * The browser's rows and the hub's lines are counted from other beginnings, so the line is found by its text:
   * `repeats` newer lines of the same text are passed over.
   *
   * @returns whether the browser has the line.
   */
  show(match: TerminalMatch, repeats: number): boolean {
    this.clear();
    let left = repeats;
    for (const place of places(this._screen, match.text.trimEnd())) {
      if (left === 0) {
        const [start, end] = match.spans[0] ?? [0, 0];
        this._mark(place + start, end - start);
        return true;
      }
      left -= 1;
    }
    return false;
  }

  /** Select and mark nothing. */
  clear(): void {
    this._screen.clearSelection();
    this._marker?.dispose();
    this._marker = undefined;
  }

  /** `cell` is counted from the first of the buffer. */
  private _mark(cell: number, length: number): void {
    const screen = this._screen;
    const { baseY, cursorY } = screen.buffer.active;
    const row = Math.floor(cell / screen.cols);
    const x = cell % screen.cols;
    screen.scrollToLine(Math.max(0, row - Math.floor(screen.rows / 2)));
    screen.select(x, row, length);
    this._marker = screen.registerMarker(row - baseY - cursorY);
    if (this._marker && length > 0) {
      const width = Math.min(length, screen.cols - x);
      screen.registerDecoration({ marker: this._marker, x, width, ...HIGHLIGHT });
    }
  }

  private readonly _screen: IScreen;
  private _marker: IMarker | undefined;
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
