import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { HubError, type Chat, type DeletedChat, type HubApi } from './api';

/** How long to wait for further deletions before asking what is kept, in milliseconds. */
const PAUSE = 300;

/** Chats that were deleted with unsaved work, as long as that is kept. No event tells of them: they are asked for. */
export class DeletedChats implements IDisposable {
  constructor(api: HubApi) {
    this._api = api;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The one deleted last is first. */
  get values(): readonly DeletedChat[] {
    return this._values;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get(id: string): DeletedChat | undefined {
    return this._values.find(value => value.id === id);
  }

  /** Ask soon, once for all that call for it until then. */
  refresh(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      this.load().catch(reason => {
        // The list is modest: it is asked for again with the next snapshot, and no work waits for it.
        console.warn('The list of deleted chats could not be read.', reason);
      });
    }, PAUSE);
  }

  /** Ask now. */
  async load(): Promise<readonly DeletedChat[]> {
    clearTimeout(this._timer);
    const values = await this._api.deletedChats();
    this._set(values);
    return this._values;
  }

  /** Bring a chat back, with the work that was kept. */
  async restore(id: string): Promise<Chat> {
    const chat = await this._api.restoreChat(id);
    this._remove(id);
    return chat;
  }

  /** Delete what is kept of a chat. */
  async forget(id: string): Promise<void> {
    try {
      await this._api.forgetChat(id);
    } catch (reason) {
      if (HubError.from(reason).status !== 404) {
        throw reason;
      }
    }
    this._remove(id);
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      clearTimeout(this._timer);
      Signal.clearData(this);
    }
  }

  private _remove(id: string): void {
    this._set(this._values.filter(value => value.id !== id));
  }

  private _set(values: readonly DeletedChat[]): void {
    if (!this._isDisposed) {
      this._values = [...values].sort((a, b) => (a.deleted_at < b.deleted_at ? 1 : -1));
      this._changed.emit();
    }
  }

  private readonly _api: HubApi;
  private readonly _changed = new Signal<this, void>(this);
  private _values: readonly DeletedChat[] = [];
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}
