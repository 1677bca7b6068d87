import React from 'react';
import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { Signal, type ISignal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';

import { HubError } from './api';
import { StatusMark } from './components/StatusMark';
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
  }

  get values(): T {
    return this._values;
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
  private _errors: readonly FieldError[] = [];
  private _isBusy = false;
}

/** What the footer says of the form: how many things are wrong, and where. */
function FormState<T extends CommonValues, R>(props: { form: Form<T, R> }): JSX.Element {
  const { form } = props;
  const { errors } = form;
  const first = errors[0];
  if (form.isBusy) {
    return <>Asking the hub…</>;
  }
  if (!first) {
    return <></>;
  }
  const isShown = form.node.querySelector(`[data-field="${CSS.escape(first.field)}"]`) !== null;
  if (errors.length === 1 && !isShown) {
    return (
      <span className="jp-AgentHub-problem">
        <StatusMark mark="failed" /> <strong>{first.message}</strong> {first.hint}
      </span>
    );
  }
  return (
    <>
      <StatusMark mark="failed" />{' '}
      <button
        type="button"
        className="jp-AgentHub-link"
        onClick={() => void form.focusFirstError()}
      >
        {errors.length} {errors.length === 1 ? 'problem' : 'problems'}
      </button>{' '}
      in {SECTIONS[first.field.split('.')[0] ?? ''] ?? 'this form'}
    </>
  );
}

const SECTIONS: Record<string, string> = {
  url: 'URL',
  branch: 'Branch',
  name: 'Name',
  base: 'Base image',
  setup: 'Setup script',
  prompt: 'First prompt',
  project: 'Project',
  mounts: 'Mounts',
  env: 'Environment',
  agent: 'Agent and resources',
  model: 'Agent and resources',
  resources: 'Agent and resources'
};

class FormFooter<T extends CommonValues, R> extends ReactWidget {
  constructor(private readonly _form: Form<T, R>) {
    super();
    this.addClass('jp-AgentHub-formState');
    this.node.setAttribute('aria-live', 'polite');
    _form.stateChanged.connect(() => {
      // The form has to be drawn first: what it shows decides what is said here.
      void Promise.resolve(_form.renderPromise).then(() => this.update());
    });
  }

  protected override render(): JSX.Element {
    return <FormState form={this._form} />;
  }
}

class FormRenderer<T extends CommonValues, R> extends Dialog.Renderer {
  constructor(private readonly _state: FormFooter<T, R>) {
    super();
  }

  override createFooter(buttons: readonly HTMLElement[]): Widget {
    const footer = new Panel();
    footer.addClass('jp-Dialog-footer');
    footer.addWidget(this._state);
    const group = new Widget();
    group.addClass('jp-Dialog-footerButtons');
    group.node.append(...buttons);
    footer.addWidget(group);
    return footer;
  }
}

/** A dialog that stays open until the server took what its form holds. */
class FormDialog<T extends CommonValues, R> extends Dialog<unknown> {
  constructor(title: string, accept: string, form: Form<T, R>, focus: string) {
    super({
      title,
      body: form,
      hasClose: true,
      focusNodeSelector: focus,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: accept })],
      renderer: new FormRenderer(new FormFooter(form))
    });
    this.addClass('jp-AgentHub-dialog');
    this._form = form;
  }

  result: R | null = null;

  override resolve(index?: number): void {
    const isCancel = index === 0;
    if (isCancel || this.result !== null) {
      super.resolve(index);
      return;
    }
    void this._form.submit().then(async result => {
      if (result === null) {
        await this._form.focusFirstError();
      } else {
        this.result = result;
        super.resolve(index);
      }
    });
  }

  override handleEvent(event: Event): void {
    // In a form only a line of text is sent by Enter: an editor needs it, and a button is pressed by it.
    if (event.type === 'keydown' && (event as KeyboardEvent).key === 'Enter') {
      const target = event.target as HTMLElement;
      const isInForm = this._form.node.contains(target);
      if (isInForm && !target.matches('input[type="text"], input[type="password"]')) {
        return;
      }
    }
    super.handleEvent(event);
  }

  private readonly _form: Form<T, R>;
}

/** Show a form; the result is the server's answer, or `null` where the person cancelled. */
export async function showForm<T extends CommonValues, R>(options: {
  title: string;
  accept: string;
  /** Which control has the focus at first. */
  focus: string;
  form: Form<T, R>;
}): Promise<R | null> {
  const dialog = new FormDialog(options.title, options.accept, options.form, options.focus);
  await dialog.launch();
  return dialog.result;
}
