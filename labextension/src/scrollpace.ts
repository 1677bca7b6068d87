/** Pixels in a millisecond from which on what is in view passes too quickly to be looked at. */
const FAST = 2;

/** How long ago the last step may be for a scroll to go on, in milliseconds. */
const PAUSE = 100;

/** How quickly something is scrolled, from where it is at each step. */
export class ScrollPace {
  /**
   * Whether a step is one of a quick scroll. A single leap, as by *Page Down*, is none.
   *
   * @param top - Where the scroll has come to, in pixels.
   * @param time - When, in milliseconds.
   */
  isFast(top: number, time: number): boolean {
    const { _top: before, _time: then } = this;
    this._top = top;
    this._time = time;
    return time - then <= PAUSE && Math.abs(top - before) > FAST * (time - then);
  }

  private _top = 0;
  private _time = -Infinity;
}
