import { ReactWidget } from '@jupyterlab/apputils';
import { JSONExt, type ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';

import { HubError } from './api';
import { check, fieldError, withoutEmptyRows, type CommonValues, type FieldError } from './forms';

interface IFormOptions<T extends CommonValues, R> {
  values: T;
  render: (form: Form<T, R>) => JSX.Element;
  /** Ask the server; what it refuses is shown at its field. */
  submit: (values: T) => Promise<R>;
}

/** A form's values and what is wrong with them. */
export class Form<T extends CommonValues, R> extends ReactWidget {
  constructor(options: IFormOptions<T, R>) {
    super();
    this._options = options;
    this._values = options.values;
    this._opened = options.values;
  }

  get values(): T {
    return this._values;
  }

  /** Whether something was typed or chosen that goes with the form. */
  get isChanged(): boolean {
    const [now, then] = [this._values, this._opened].map(
      values => withoutEmptyRows(values) as unknown as ReadonlyPartialJSONValue
    );
    return !JSONExt.deepEqual(now!, then!);
  }

  get errors(): readonly FieldError[] {
    return this._errors;
  }

  get isBusy(): boolean {
    return this._isBusy;
  }

  /** The errors, or whether the server is being asked, changed. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** Take what was typed. What was wrong with a field is no longer said once it is changed. */
  readonly change = (part: Partial<T>): void => {
    const changed = Object.keys(part).filter(
      key => part[key as keyof T] !== this._values[key as keyof T]
    );
    this._values = { ...this._values, ...part };
    this.setErrors(
      this._errors.filter(error => !changed.includes(error.field.split('.')[0] ?? ''))
    );
  };

  /** Take what the form itself found out: nobody typed it. */
  readonly fill = (part: Partial<T>): void => {
    const found = Object.entries(part).filter(
      ([key, value]) => value !== this._values[key as keyof T]
    );
    this._opened = { ...this._opened, ...Object.fromEntries(found) };
    this.change(part);
  };

  readonly setErrors = (errors: readonly FieldError[]): void => {
    this._errors = errors;
    this._stateChanged.emit();
    this.update();
  };

  /** Check, ask the server, and tell its answer; `null` where something is wrong. */
  async submit(): Promise<R | null> {
    if (this._isBusy) {
      return null;
    }
    this._values = withoutEmptyRows(this._values);
    this.setErrors(check(this._values));
    if (this._errors.length > 0) {
      return null;
    }
    this._isBusy = true;
    this._stateChanged.emit();
    try {
      return await this._options.submit(this._values);
    } catch (reason) {
      this.setErrors([fieldError(HubError.from(reason))]);
      return null;
    } finally {
      this._isBusy = false;
      this._stateChanged.emit();
    }
  }

  /** Move the focus to the first field that something is wrong with. */
  async focusFirstError(): Promise<void> {
    await this.renderPromise;
    const fields = this.node.querySelectorAll<HTMLElement>('[data-field]');
    const wrong = [...fields].find(node => node.getAttribute('aria-invalid') === 'true');
    const control = wrong?.querySelector<HTMLElement>('[role="textbox"]') ?? wrong;
    control?.scrollIntoView({ block: 'nearest' });
    control?.focus();
  }

  protected override render(): JSX.Element {
    return this._options.render(this);
  }

  private readonly _options: IFormOptions<T, R>;
  private readonly _stateChanged = new Signal<this, void>(this);
  private _values: T;
  /** The values that nobody typed. */
  private _opened: T;
  private _errors: readonly FieldError[] = [];
  private _isBusy = false;
}
