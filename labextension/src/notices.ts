import { Notification } from '@jupyterlab/apputils';

import { HubError } from './api';
import { trans } from './translation';

/**
 * A handler that tells a person what was refused, why, and what to do.
 *
 * @param what - A sentence without its full stop.
 */
export function refused(what: string, action?: Notification.IAction): (reason: unknown) => void {
  return reason => {
    const error = HubError.from(reason);
    const words = [trans.__('%1.', what), error.message, error.hint];
    Notification.error(words.filter(Boolean).join(' '), {
      autoClose: false,
      actions: action ? [action] : []
    });
  };
}
