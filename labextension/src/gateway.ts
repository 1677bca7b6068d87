import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import {
  HubError,
  type GatewayRequest,
  type GatewayRoute,
  type GatewayStatus,
  type HubApi
} from './api';

/** How often it is asked while it is looked at, in milliseconds. */
const INTERVAL = 15_000;

const NOTHING: GatewayStatus = { routes: [], last_uses: {} };

/** How it goes with the hosts that chats ask, for as long as somebody looks at it. */
export class GatewayWatch implements IDisposable {
  /** Emitted whenever the hub has answered. */
  readonly changed = new Signal<this, void>(this);

  constructor(api: HubApi, interval: number = INTERVAL) {
    this._api = api;
    this._poll = new Poll({
      name: 'agent-hub:gateway',
      auto: false,
      factory: () => this._ask(),
      frequency: { interval, backoff: true, max: 4 * interval },
      standby: 'when-hidden'
    });
  }

  /** As of the last answer; none where the hub has not told of any. */
  get routes(): readonly GatewayRoute[] {
    return this._status.routes;
  }

  /** When chats last fetched from a project's repository, or pushed to it; by the project's id. */
  get lastUses(): Readonly<Record<string, string>> {
    return this._status.last_uses;
  }

  /** What chats asked for one by one, the newest first; null where that is not shown, or not known yet. */
  get log(): readonly GatewayRequest[] | null {
    return this._log;
  }

  /** Why the log is not there, as of the last answer; empty where nothing is wrong. */
  get logProblem(): string {
    return this._logProblem;
  }

  /** Whether single requests are asked for as well. */
  get isLogShown(): boolean {
    return this._isLogShown;
  }

  showLog(isShown: boolean): void {
    this._isLogShown = isShown;
    this._log = null;
    this._logProblem = '';
    this.changed.emit();
    if (isShown) {
      void this._poll.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Ask at once and then again and again, until `pause`. */
  start(): void {
    void this._poll.start();
  }

  /** Ask now, not only after a while. */
  refresh(): void {
    void this._poll.refresh();
  }

  pause(): void {
    void this._poll.stop();
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _ask(): Promise<void> {
    try {
      this._status = await this._api.gateway();
      await this._askForLog();
    } catch (reason) {
      if (HubError.from(reason).status !== 404) {
        throw reason;
      }
      // A hub that does not tell of its gateway will not do so in a moment either.
      this._status = NOTHING;
      this.pause();
    }
    if (!this.isDisposed) {
      this.changed.emit();
    }
  }

  private async _askForLog(): Promise<void> {
    if (!this._isLogShown) {
      return;
    }
    try {
      const log = await this._api.gatewayLog();
      this._logProblem = '';
      // It may have been hidden meanwhile.
      this._log = this._isLogShown ? log : null;
    } catch (reason) {
      // The hosts are known all the same.
      this._logProblem = HubError.from(reason).message;
    }
  }

  private readonly _api: HubApi;
  private readonly _poll: Poll<void>;
  private _status: GatewayStatus = NOTHING;
  private _log: readonly GatewayRequest[] | null = null;
  private _isLogShown = false;
  private _logProblem = '';
}
