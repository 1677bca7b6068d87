import { Signal, type ISignal } from '@lumino/signaling';

import type { Chat } from './api';
import type { HubModel, IHubChange } from './model';

export type NewsKind = 'waiting' | 'finished' | 'failed';

/** Something about a chat that its person wants to know. */
export interface INews {
  kind: NewsKind;
  /** What tells it from the news before. */
  key: string;
}

/** What there is to know of a chat; `null` where nothing of it is news. What a person has ended is none. */
export function newsOf({ status, turn }: Pick<Chat, 'status' | 'turn'>): INews | null {
  if (status === 'failed') {
    return { kind: 'failed', key: 'failed' };
  }
  if (turn?.status === 'waiting') {
    return status === 'running' ? { kind: 'waiting', key: `${turn.number} waiting` } : null;
  }
  if (turn?.status === 'completed') {
    return { kind: 'finished', key: `${turn.number} finished` };
  }
  return turn?.status === 'failed' ? { kind: 'failed', key: `${turn.number} failed` } : null;
}

/**
 * Which chats have news that the person has not seen.
 *
 * Seen is what was in view. What there was before this browser knew of any chat is no news.
 */
export class ChatNews {
  /**
   * @param isInView - Whether the person has a chat before their eyes.
   */
  constructor(model: HubModel, isInView: (chat: string) => boolean) {
    this._model = model;
    this._isInView = isInView;
    model.changed.connect(this._onChanged, this);
  }

  /** News has come of a chat that is not in view. */
  get arrived(): ISignal<this, { chat: Chat; news: INews }> {
    return this._arrived;
  }

  /** A chat's news is so no more, or was seen. */
  get settled(): ISignal<this, string> {
    return this._settled;
  }

  /** A chat was read, or is unread now; its id. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  isUnread(id: string): boolean {
    return this._unread.has(id);
  }

  /** What was seen, by the chats' ids, to be kept for the next page. */
  get seen(): Record<string, string> {
    return Object.fromEntries(this._seen);
  }

  /** Begin, with what an earlier page has kept; `null` where there was none. */
  begin(kept: Record<string, string> | null): void {
    this._seen = new Map(Object.entries(kept ?? {}));
    this._isNewcomer = kept === null;
    this._hasBegun = true;
    this._lookAtAll();
  }

  /** Look again at what is in view. */
  look(): void {
    for (const id of [...this._unread]) {
      const chat = this._model.chat(id);
      const news = chat && newsOf(chat);
      if (news && this._isInView(id)) {
        this._take(id, news);
      }
    }
  }

  private _onChanged(_: HubModel, { kind, id }: IHubChange): void {
    if (kind === 'all') {
      this._lookAtAll();
    } else if (kind === 'chat' && !this._model.isPending(id)) {
      this._lookAt(id);
    }
  }

  private _lookAtAll(): void {
    if (!this._hasBegun || this._model.status === null) {
      return;
    }
    for (const chat of this._model.chats) {
      if (!this._model.isPending(chat.id)) {
        this._lookAt(chat.id);
      }
    }
    for (const id of [...this._seen.keys(), ...this._unread]) {
      if (!this._model.chat(id)) {
        this._lookAt(id);
      }
    }
    this._isNewcomer = false;
    this._isFirst = false;
  }

  private _lookAt(id: string): void {
    if (!this._hasBegun || this._model.status === null) {
      return;
    }
    const chat = this._model.chat(id);
    const news = chat ? newsOf(chat) : null;
    const key = news?.key ?? '';
    if (!chat) {
      this._seen.delete(id);
    }
    if (!chat || !news) {
      this._told.delete(id);
      this._forget(id);
    } else if (key === this._seen.get(id)) {
      this._forget(id);
    } else if (this._isNewcomer || this._isInView(id)) {
      this._take(id, news);
    } else if (this._told.get(id) !== key) {
      this._told.set(id, key);
      this._unread.add(id);
      this._changed.emit(id);
      // What happened before this page was there waits in the list; only who waits is told of anew.
      if (!this._isFirst || news.kind === 'waiting') {
        this._arrived.emit({ chat, news });
      }
    }
  }

  private _take(id: string, news: INews): void {
    this._seen.set(id, news.key);
    this._forget(id);
    this._changed.emit(id);
  }

  private _forget(id: string): void {
    if (this._unread.delete(id)) {
      this._settled.emit(id);
      this._changed.emit(id);
    }
  }

  private readonly _model: HubModel;
  private readonly _isInView: (chat: string) => boolean;
  private readonly _arrived = new Signal<this, { chat: Chat; news: INews }>(this);
  private readonly _settled = new Signal<this, string>(this);
  private readonly _changed = new Signal<this, string>(this);
  private readonly _unread = new Set<string>();
  /** The news that was told, by chat, so that each is told once. */
  private readonly _told = new Map<string, string>();
  private _seen = new Map<string, string>();
  private _hasBegun = false;
  private _isNewcomer = false;
  private _isFirst = true;
}
