import { useEffect, useRef, useState, type FormEvent, type RefObject } from 'react';

import { HubError } from '../api';
import { fieldError, type FieldError } from '../forms';

/** What a small form needs to send its values and to say what was refused. */
interface ISubmission {
  form: RefObject<HTMLFormElement>;
  errors: FieldError[];
  isBusy: boolean;
  submit: (event: FormEvent) => void;
}

/**
 * Send a form's values once it is submitted.
 *
 * @param fields - The fields there are; what is refused for another reason is said beside the first of them.
 * @param send - Resolves once the values are taken.
 * @param confirm - Asks the person first, where something is lost.
 */
export function useSubmission(
  fields: readonly [string, ...string[]],
  send: () => Promise<unknown>,
  confirm?: () => Promise<boolean>
): ISubmission {
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<FieldError[]>([]);
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    // The answer may take a while: who has gone on to something else by then is not called back.
    const at = document.activeElement;
    const isWaiting = at === null || at === document.body || form.current?.contains(at);
    const [error] = errors;
    if (error && isWaiting) {
      form.current?.querySelector<HTMLElement>(`[data-field="${error.field}"]`)?.focus();
    }
  }, [errors]);

  const submit = async () => {
    if (confirm && !(await confirm())) {
      return;
    }
    setBusy(true);
    try {
      await send();
      setErrors([]);
    } catch (reason) {
      const error = fieldError(HubError.from(reason));
      setErrors([{ ...error, field: fields.includes(error.field) ? error.field : fields[0] }]);
    } finally {
      setBusy(false);
    }
  };

  return {
    form,
    errors,
    isBusy,
    submit: event => {
      event.preventDefault();
      void submit();
    }
  };
}
