import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import {
  HubError,
  type Approval,
  type ConversationEvent,
  type Decision,
  type HubApi,
  type Turn,
  type TurnEvent
} from '../api';
import { RequestKey } from '../requestkey';
import type { EventStream, HubEvent } from '../stream';
import { after, isAtWork, isOver, numberOf } from '../turns';

/** A turn as far as it is known here; another object whenever that changes. */
export interface IKnownTurn {
  readonly turn: Turn;
  /** `heads`: what happened in it is not known; it is asked for, or could not be had. */
  readonly items: 'heads' | 'loading' | 'failed' | 'whole';
  /** Why what happened in it could not be had. */
  readonly problem: string;
}

/**
 * A chat's turns, kept by events.
 *
 * Those that had ended before anybody looked come without what happened in them, which may be megabytes: `load` asks.
 */
export class Conversation implements IDisposable {
  constructor(api: HubApi, stream: EventStream, chat: string) {
    this._api = api;
    this._stream = stream;
    this.chat = chat;
  }

  /** The id of the chat. */
  readonly chat: string;

  /** Something is new. It may come many times between two frames. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The agent has come to the end of something that may have changed files. */
  get worked(): ISignal<this, void> {
    return this._worked;
  }

  /** Whether the hub has told of the turns yet. */
  get isKnown(): boolean {
    return this._isKnown;
  }

  /** The oldest first; the same array until something is new. */
  get turns(): readonly IKnownTurn[] {
    this._sorted ??= [...this._turns.values()].sort((a, b) => a.turn.number - b.turn.number);
    return this._sorted;
  }

  /** The turn that the agent works on. */
  get current(): Turn | undefined {
    return this.turns.findLast(({ turn }) => isAtWork(turn))?.turn;
  }

  /** What the agent asks and nobody has answered. */
  get approvals(): readonly Approval[] {
    return this.turns.flatMap(({ turn }) => turn.approvals);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Follow it from now on; before, there are no turns. */
  follow(): void {
    if (!this._following && !this._isDisposed) {
      this._stream.event.connect(this._onEvent, this);
      this._following = this._stream.follow(this.chat);
    }
  }

  /** Ask for what happened in a turn, where that is not known. */
  async load(number: number): Promise<void> {
    const known = this._turns.get(number);
    if (!known || known.items === 'whole' || known.items === 'loading') {
      return;
    }
    this._put({ ...known, items: 'loading', problem: '' });
    try {
      const turn = await this._api.turn(this.chat, number);
      // What has been told meanwhile is the newer.
      const now = this._turns.get(number);
      if (now?.items === 'loading' && (isOver(turn) || !isOver(now.turn))) {
        this._put({ turn, items: 'whole', problem: '' });
      }
    } catch (reason) {
      const now = this._turns.get(number);
      if (now?.items === 'loading') {
        this._put({ ...now, items: 'failed', problem: HubError.from(reason).message });
      }
    }
  }

  /** Give the agent a prompt: said now, or once it is done with those before. */
  async send(prompt: string): Promise<void> {
    const turn = await this._key.use(prompt, key => this._api.send(this.chat, prompt, key));
    // Said once more, it is another turn.
    this._key = new RequestKey();
    if (!this._turns.has(turn.number) && !this.isDisposed) {
      this._put({ turn, items: 'whole', problem: '' });
    }
  }

  /** End a turn, or take back a prompt that waits. */
  async interrupt(number: number): Promise<void> {
    await this._api.interrupt(this.chat, number);
  }

  async answer(approval: string, decision: Decision): Promise<void> {
    await this._api.answer(this.chat, approval, decision);
  }

  dispose(): void {
    this._isDisposed = true;
    this._stream.event.disconnect(this._onEvent, this);
    this._following?.dispose();
    Signal.clearData(this);
  }

  private _onEvent(_: EventStream, event: HubEvent): void {
    if (event.type === 'conversation' && event.chat === this.chat) {
      this._reset(event);
    } else if (event.type === 'followed' && event.chat === this.chat) {
      this._take(event.event);
    }
  }

  /** Take all turns that there are. */
  private _reset({ turns }: ConversationEvent): void {
    const before = this._turns;
    this._turns = new Map(
      turns.map(turn => {
        const known = before.get(turn.number);
        if (!isOver(turn)) {
          return [turn.number, { turn, items: 'whole', problem: '' }];
        }
        if (known && isOver(known.turn)) {
          return [turn.number, { ...known, turn: { ...turn, items: known.turn.items } }];
        }
        // How it ended is not known, but what was seen of it is better than nothing until then.
        const items = known?.turn.items ?? [];
        return [turn.number, { turn: { ...turn, items }, items: 'heads', problem: '' }];
      })
    );
    this._isKnown = true;
    this._announce();
    this._worked.emit();
  }

  private _take(event: TurnEvent): void {
    const number = numberOf(event);
    const known = this._turns.get(number);
    if (known) {
      this._put({ ...known, turn: after(known.turn, event) });
    } else if (event.type === 'turn') {
      this._put({ turn: event.turn, items: 'whole', problem: '' });
    }
    const isEnd =
      event.type === 'turn'
        ? isOver(event.turn)
        : event.type === 'item' && event.item.status !== 'running' && event.item.type !== 'message';
    if (isEnd) {
      this._worked.emit();
    }
  }

  private _put(known: IKnownTurn): void {
    this._turns.set(known.turn.number, known);
    this._announce();
  }

  private _announce(): void {
    this._sorted = null;
    this._changed.emit();
  }

  private readonly _api: HubApi;
  private readonly _stream: EventStream;
  private _following: IDisposable | null = null;
  private _isDisposed = false;
  private _key = new RequestKey();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _worked = new Signal<this, void>(this);
  private _turns = new Map<number, IKnownTurn>();
  private _sorted: readonly IKnownTurn[] | null = null;
  private _isKnown = false;
}
