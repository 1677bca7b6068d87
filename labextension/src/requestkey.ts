import { UUID } from '@lumino/coreutils';

import { HubError } from './api';

/** The `Idempotency-Key` of a form that may be sent more than once: the same for the same thing, until it was answered. */
export class RequestKey {
  /** Ask for `body` with a key. */
  async use<T>(body: unknown, request: (key: string) => Promise<T>): Promise<T> {
    const asked = JSON.stringify(body);
    if (asked !== this._asked) {
      this._asked = asked;
      this._key = UUID.uuid4();
    }
    try {
      return await request(this._key);
    } catch (reason) {
      if (HubError.from(reason).isAnswer) {
        this._asked = '';
      }
      throw reason;
    }
  }

  private _asked = '';
  private _key = '';
}
