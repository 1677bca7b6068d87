import { URLExt } from '@jupyterlab/coreutils';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import {
  HubError,
  NAMESPACE,
  type ChangeEvent,
  type ConversationEvent,
  type FollowedEvent,
  type HubApi,
  type LogEvent,
  type LogLine,
  type SnapshotEvent,
  type Turn
} from './api';
import { Interests } from './interests';
import { PolledArtifacts } from './polledartifacts';
import { isOver } from './turns';

export type HubEvent = SnapshotEvent | ChangeEvent | LogEvent | ConversationEvent | FollowedEvent;

/** `live`: the socket delivers; `polling`: REST does; `offline`: neither, and it tries again. */
export type StreamState = 'connecting' | 'live' | 'polling' | 'offline';

/** Times are milliseconds. */
export interface IStreamOptions {
  /** The first wait before the socket is tried again; it doubles with each failure. */
  firstDelay?: number;
  longestDelay?: number;
  /** How many failures in a row until REST is asked instead. */
  patience?: number;
  pollInterval?: number;
}

/**
 * What the hub says as it happens: a snapshot, then changes.
 *
 * Changes are numbered. After a gap the socket is opened anew, because its first message is a whole snapshot.
 */
export class EventStream implements IDisposable {
  constructor(api: HubApi, options: IStreamOptions = {}) {
    this._api = api;
    this._published = new PolledArtifacts(api);
    this._options = {
      firstDelay: 500,
      longestDelay: 30_000,
      patience: 3,
      pollInterval: 3_000,
      ...options
    };
  }

  get event(): ISignal<this, HubEvent> {
    return this._event;
  }

  get stateChanged(): ISignal<this, StreamState> {
    return this._stateChanged;
  }

  get state(): StreamState {
    return this._state;
  }

  /** Why the hub cannot be had; `null` while it can. */
  get failure(): HubError | null {
    return this._failure;
  }

  /** When the hub was last heard, as an ISO time; empty where it never was. While it is live, that is now. */
  get lastSeen(): string {
    return this._isLive ? new Date().toISOString() : this._lastSeen;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Open the socket. */
  connect(): void {
    if (this._isDisposed) {
      return;
    }
    clearTimeout(this._retry);
    this._close();
    const { settings } = this._api;
    let url = URLExt.join(settings.wsUrl, NAMESPACE, 'api/events');
    if (settings.appendToken && settings.token !== '') {
      url += `?token=${encodeURIComponent(settings.token)}`;
    }
    this._seq = null;
    const socket = new settings.WebSocket(url);
    this._socket = socket;
    socket.onmessage = message => this._receive(socket, String(message.data));
    socket.onclose = () => this._closed(socket);
  }

  /** Receive the newest build log of a project, from its beginning, until the result is disposed. */
  subscribe(project: string): IDisposable {
    if (this._logs.add(project)) {
      this._send({ subscribe: project });
      void this._pollLog(project);
    }
    return new DisposableDelegate(() => {
      if (this._logs.remove(project)) {
        this._send({ unsubscribe: project });
      }
    });
  }

  /** Receive a chat's turns, first all of them and then what happens, until the result is disposed. */
  follow(chat: string): IDisposable {
    this._chats.add(chat);
    // Also where somebody follows it already: who comes later has to be told of everything as well.
    this._send({ follow: chat });
    void this._pollTurns(chat);
    return new DisposableDelegate(() => {
      if (this._chats.remove(chat)) {
        this._send({ unfollow: chat });
      }
    });
  }

  /** Ask for a project's log from its beginning once more, as after a new build began. */
  resubscribe(project: string): void {
    if (this._logs.has(project)) {
      this._send({ unsubscribe: project });
      this._send({ subscribe: project });
      void this._pollLog(project);
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._retry);
    clearTimeout(this._poll);
    this._close();
    Signal.clearData(this);
  }

  private _receive(socket: WebSocket, data: string): void {
    if (socket !== this._socket) {
      return;
    }
    const event = JSON.parse(data) as HubEvent;
    if (event.type === 'snapshot') {
      this._failures = 0;
      this._failure = null;
      this._seq = event.seq;
      clearTimeout(this._poll);
      this._setState('live');
      for (const project of this._logs.all) {
        this._send({ subscribe: project });
      }
      for (const chat of this._chats.all) {
        this._send({ follow: chat });
      }
    } else if (event.type === 'change') {
      if (this._seq === null || event.seq <= this._seq) {
        return;
      }
      if (event.seq !== this._seq + 1) {
        this.connect();
        return;
      }
      this._seq = event.seq;
    }
    this._event.emit(event);
  }

  private _closed(socket: WebSocket): void {
    if (socket !== this._socket || this._isDisposed) {
      return;
    }
    this._socket = null;
    this._lastSeen = this.lastSeen;
    this._failures += 1;
    if (this._failures < this._options.patience) {
      this._setState('connecting');
    } else if (this._failures === this._options.patience) {
      void this._pollAll();
    }
    const { firstDelay, longestDelay } = this._options;
    const delay = Math.min(longestDelay, firstDelay * 2 ** (this._failures - 1));
    // Jitter, so that a hub that comes back is not met by all of its browsers at once.
    this._retry = setTimeout(() => this.connect(), delay * (0.75 + Math.random() / 2));
  }

  private async _pollAll(): Promise<void> {
    if (this._isDisposed || this._isLive) {
      return;
    }
    try {
      const [status, projects, chats] = await Promise.all([
        this._api.status(),
        this._api.projects(),
        this._api.chats()
      ]);
      const artifacts = await this._published.poll(chats);
      if (!this._isLive && !this._isDisposed) {
        this._failure = null;
        this._lastSeen = new Date().toISOString();
        this._setState('polling');
        this._event.emit({ type: 'snapshot', seq: 0, status, projects, chats, artifacts });
        await Promise.all([
          ...this._logs.all.map(project => this._pollLog(project)),
          ...this._chats.all.map(chat => this._pollTurns(chat))
        ]);
      }
    } catch (reason) {
      // The next poll asks again; the state says so meanwhile.
      if (!this._isLive) {
        this._failure = HubError.from(reason);
        this._setState('offline');
      }
    }
    if (!this._isDisposed && !this._isLive) {
      this._poll = setTimeout(() => void this._pollAll(), this._options.pollInterval);
    }
  }

  private async _pollLog(project: string): Promise<void> {
    if (this._state !== 'polling') {
      return;
    }
    let text: string;
    try {
      text = await this._api.buildLog(project);
    } catch {
      // A project without a build has no log; a server that is gone is noticed by the poll itself.
      return;
    }
    if (this._logs.has(project) && this._state === 'polling') {
      this._event.emit({ type: 'log', project, build: '', offset: 0, lines: parseLog(text) });
    }
  }

  private async _pollTurns(chat: string): Promise<void> {
    if (this._state !== 'polling') {
      return;
    }
    let turns: Turn[];
    try {
      const heads = await this._api.turns(chat);
      // As the socket does: what has ended comes without its items.
      turns = await Promise.all(
        heads.map(async head => (isOver(head) ? head : this._api.turn(chat, head.number)))
      );
    } catch {
      // An agent may tell of no turns; a server that is gone is noticed by the poll itself.
      return;
    }
    if (this._chats.has(chat) && this._state === 'polling') {
      this._event.emit({ type: 'conversation', chat, turns });
    }
  }

  private get _isLive(): boolean {
    return this._state === 'live';
  }

  private _send(message: object): void {
    if (this._isLive && this._socket?.readyState === 1) {
      this._socket.send(JSON.stringify(message));
    }
  }

  private _close(): void {
    const socket = this._socket;
    this._socket = null;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  private _setState(state: StreamState): void {
    if (state !== this._state && !this._isDisposed) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private readonly _api: HubApi;
  private readonly _options: Required<IStreamOptions>;
  private readonly _event = new Signal<this, HubEvent>(this);
  private readonly _stateChanged = new Signal<this, StreamState>(this);
  private readonly _published: PolledArtifacts;
  private readonly _logs = new Interests();
  private readonly _chats = new Interests();
  private _socket: WebSocket | null = null;
  private _seq: number | null = null;
  private _failure: HubError | null = null;
  private _lastSeen = '';
  private _failures = 0;
  private _retry: ReturnType<typeof setTimeout> | undefined;
  private _poll: ReturnType<typeof setTimeout> | undefined;
  private _state: StreamState = 'connecting';
  private _isDisposed = false;
}

/** The lines of a build's log file: `<ISO time> <step> <text>`. */
export function parseLog(text: string): LogLine[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') {
    lines.pop();
  }
  return lines.map(line => {
    const found = /^(\S+) (\d+) ?(.*)$/.exec(line);
    return found
      ? { time: found[1] ?? '', step: Number(found[2]), text: found[3] ?? '' }
      : { time: '', step: 0, text: line };
  });
}
