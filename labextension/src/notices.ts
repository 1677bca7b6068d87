import { Notification } from '@jupyterlab/apputils';

import { HubError } from './api';

/** A handler that tells a person what was refused, why, and what to do. */
export function refused(what: string, action?: Notification.IAction): (reason: unknown) => void {
  return reason => {
    const error = HubError.from(reason);
    Notification.error([`${what}.`, error.message, error.hint].filter(Boolean).join(' '), {
      autoClose: false,
      actions: action ? [action] : []
    });
  };
}
