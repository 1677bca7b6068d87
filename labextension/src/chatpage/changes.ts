import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { HubError, type ChatDiff, type HubApi } from '../api';

/** How long what an agent does is gathered before its changes are looked at, in milliseconds: seen, and not seen. */
const PAUSE = { seen: 1000, unseen: 5000 };

/** What a chat has changed, looked at again when its agent may have changed more. */
export class Changes implements IDisposable {
  constructor(api: HubApi, chat: string) {
    this._api = api;
    this._chat = chat;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Null until it is known. */
  get diff(): ChatDiff | null {
    return this._diff;
  }

  /** Why it could not be looked at. */
  get problem(): HubError | null {
    return this._problem;
  }

  get isLooking(): boolean {
    return this._looking !== null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Say whether a person sees the changes, or their number: what nobody sees is not looked at. */
  show(seen: 'seen' | 'unseen' | 'hidden'): void {
    const before = this._seen;
    this._seen = seen;
    // An agent without a conversation does not say when it has done something.
    const isOpened = seen === 'seen' && before !== 'seen';
    if (isOpened || (this._isStale && seen === 'unseen' && before === 'hidden')) {
      void this.look();
    }
  }

  /** Say that there may be other changes by now. */
  invalidate(): void {
    this._isStale = true;
    if (this._seen !== 'hidden') {
      this._timer ??= setTimeout(() => {
        this._timer = undefined;
        if (this._isStale) {
          void this.look();
        }
      }, PAUSE[this._seen]);
    }
  }

  /** Look now. */
  look(): Promise<void> {
    this._looking ??= this._look().finally(() => {
      this._looking = null;
      if (!this._isDisposed) {
        this._changed.emit();
        if (this._isStale && !this._problem) {
          // More was done while it looked.
          this.invalidate();
        }
      }
    });
    return this._looking;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private async _look(): Promise<void> {
    this._isStale = false;
    this._changed.emit();
    try {
      this._diff = await this._api.diff(this._chat);
      this._problem = null;
    } catch (reason) {
      this._problem = HubError.from(reason);
      this._isStale = true;
    }
  }

  private readonly _api: HubApi;
  private readonly _chat: string;
  private readonly _changed = new Signal<this, void>(this);
  private _diff: ChatDiff | null = null;
  private _problem: HubError | null = null;
  private _looking: Promise<void> | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _seen: 'seen' | 'unseen' | 'hidden' = 'hidden';
  private _isStale = true;
  private _isDisposed = false;
}
