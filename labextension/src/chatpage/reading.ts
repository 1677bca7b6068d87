import { Signal, type ISignal } from '@lumino/signaling';

/** How many turns are drawn at first, and how many more each time somebody asks. */
export const TURNS_AT_ONCE = 30;

/** How many of the newest turns are open by themselves. */
const OPEN = 2;

/**
 * How far a person has read a conversation, and what they are writing.
 *
 * It is kept apart from what is drawn, which is made anew when a tab is moved or its page gets narrow.
 */
export class Reading {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is in the composer. */
  draft = '';

  /** A prompt was put back into the composer. */
  get givenBack(): ISignal<this, void> {
    return this._givenBack;
  }

  /** Put a prompt back into the composer, before what is there. */
  giveBack(prompt: string): void {
    this.draft = [prompt, this.draft].filter(text => text.trim() !== '').join('\n\n');
    this._givenBack.emit();
  }

  /** Whether the end stays in view as it grows. */
  isFollowing = true;

  /** How far it is scrolled, in pixels, where it does not follow. */
  top = 0;

  /** The most turns that are drawn. */
  get most(): number {
    return this._most;
  }

  showMore(): void {
    this._most += TURNS_AT_ONCE;
    this._changed.emit();
  }

  /** Whether a turn is open; `behind` is how many there are after it. */
  isTurnOpen(number: number, behind: number, isAtWork: boolean): boolean {
    return this._open.get(`${number}`) ?? (isAtWork || behind < OPEN);
  }

  /** Whether what is in an item is shown. */
  isItemOpen(number: number, item: string, isAtFirst: boolean): boolean {
    return this._open.get(`${number}/${item}`) ?? isAtFirst;
  }

  toggleTurn(number: number, isOpen: boolean): void {
    this._set(`${number}`, isOpen);
  }

  toggleItem(number: number, item: string, isOpen: boolean): void {
    this._set(`${number}/${item}`, isOpen);
  }

  private _set(key: string, isOpen: boolean): void {
    this._open.set(key, isOpen);
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _givenBack = new Signal<this, void>(this);
  private readonly _open = new Map<string, boolean>();
  private _most = TURNS_AT_ONCE;
}
