import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import { HubError, type GatewayRoute, type HubApi } from './api';

/** How often it is asked while it is looked at, in milliseconds. */
const INTERVAL = 15_000;

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
    return this._routes;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Ask at once and then again and again, until `pause`. */
  start(): void {
    void this._poll.start();
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
      this._routes = await this._api.gateway();
    } catch (reason) {
      if (HubError.from(reason).status !== 404) {
        throw reason;
      }
      // A hub that does not tell of its gateway will not do so in a moment either.
      this._routes = [];
      this.pause();
    }
    if (!this.isDisposed) {
      this.changed.emit();
    }
  }

  private readonly _api: HubApi;
  private readonly _poll: Poll<void>;
  private _routes: readonly GatewayRoute[] = [];
}
