import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { HubError, type HubApi, type TerminalMatch } from './api';

/** How many lines are asked for. */
const MOST_MATCHES = 200;

/** How long to wait for the next letter before asking, in milliseconds. */
const PAUSE = 200;

/** `idle`: nothing is searched for; `searching`: no answer yet; `done`: `matches` is the answer; `failed`: there is none. */
export type SearchState = 'idle' | 'searching' | 'done' | 'failed';

/** A search through what a chat's terminal has shown, as far as the hub keeps it. */
export class TerminalSearch implements IDisposable {
  constructor(api: HubApi, chat: string, pause = PAUSE) {
    this._api = api;
    this._chat = chat;
    this._pause = pause;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Another match became the current one. */
  get currentChanged(): ISignal<this, TerminalMatch> {
    return this._currentChanged;
  }

  get state(): SearchState {
    return this._state;
  }

  get query(): string {
    return this._query;
  }

  /** The newest line first. */
  get matches(): readonly TerminalMatch[] {
    return this._matches;
  }

  /** The index of the current match; -1 where there is none. */
  get index(): number {
    return this._index;
  }

  get error(): HubError | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Search for something else, once no letter follows. What was found stays until the answer. */
  setQuery(query: string): void {
    if (query === this._query) {
      return;
    }
    this._query = query;
    clearTimeout(this._timer);
    if (query.trim() === '') {
      this._count += 1;
      this._set('idle', []);
      return;
    }
    this._state = 'searching';
    this._changed.emit();
    this._timer = setTimeout(() => void this.search(), this._pause);
  }

  /** Search now. */
  async search(): Promise<void> {
    clearTimeout(this._timer);
    const count = (this._count += 1);
    this._state = 'searching';
    this._changed.emit();
    try {
      const found = await this._api.searchTerminal(this._chat, this._query, MOST_MATCHES);
      if (count === this._count) {
        this._isComplete = found.complete;
        this._set('done', found.matches);
      }
    } catch (reason) {
      if (count === this._count) {
        this._set('failed', [], HubError.from(reason));
      }
    }
  }

  /** Go to the next older match, or to the next newer one; after the last comes the first. */
  step(by: 1 | -1): void {
    const { length } = this._matches;
    if (length > 0) {
      this.choose((this._index + by + length) % length);
    }
  }

  choose(index: number): void {
    const match = this._matches[index];
    if (match) {
      this._index = index;
      this._changed.emit();
      this._currentChanged.emit(match);
    }
  }

  /** How many newer lines of the same text as the current one were found. */
  get repeats(): number {
    const text = this._matches[this._index]?.text;
    const newer = this._matches.slice(0, Math.max(0, this._index));
    return newer.filter(match => match.text === text).length;
  }

  /** Whether no older line has it as well. */
  get isComplete(): boolean {
    return this._isComplete;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      clearTimeout(this._timer);
      Signal.clearData(this);
    }
  }

  private _set(state: SearchState, matches: TerminalMatch[], error: HubError | null = null): void {
    this._state = state;
    this._matches = matches;
    this._error = error;
    this._index = -1;
    if (matches.length > 0) {
      this.choose(0);
    } else {
      this._changed.emit();
    }
  }

  private readonly _api: HubApi;
  private readonly _chat: string;
  private readonly _pause: number;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _currentChanged = new Signal<this, TerminalMatch>(this);
  private _query = '';
  private _state: SearchState = 'idle';
  private _matches: readonly TerminalMatch[] = [];
  private _index = -1;
  private _isComplete = true;
  private _error: HubError | null = null;
  private _count = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}
