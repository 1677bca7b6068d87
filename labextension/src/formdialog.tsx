import React from 'react';
import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { Panel, Widget } from '@lumino/widgets';

import { DiscardQuestion } from './components/DiscardQuestion';
import { place, Sentence } from './components/Sentence';
import { StatusMark } from './components/StatusMark';
import type { CommonValues } from './forms';
import type { Form } from './formwidget';
import { trans } from './translation';

/** What the footer says of the form: how many things are wrong, and where. */
function FormState<T extends CommonValues, R>(props: { form: Form<T, R> }): JSX.Element {
  const { form } = props;
  const { errors } = form;
  const first = errors[0];
  if (form.isBusy) {
    return <>{trans.__('Asking the hub…')}</>;
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
  const section = sectionOf(first.field);
  const words = section
    ? trans._p('problems of a part of a form', '%1 in %2', place(1), section)
    : trans.__('%1 in this form', place(1));
  return (
    <>
      <StatusMark mark="failed" />{' '}
      <Sentence words={words}>
        <button
          type="button"
          className="jp-AgentHub-link"
          onClick={() => void form.focusFirstError()}
        >
          {trans._n('%1 problem', '%1 problems', errors.length)}
        </button>
      </Sentence>
    </>
  );
}

/** What the part of a form is called that a field is in; empty where it has no name. */
function sectionOf(field: string): string {
  switch (field.split('.')[0]) {
    case 'url':
      return trans.__('URL');
    case 'branch':
      return trans.__('Branch');
    case 'name':
      return trans.__('Name');
    case 'base':
      return trans.__('Base image');
    case 'setup':
      return trans.__('Setup script');
    case 'prompt':
      return trans.__('First prompt');
    case 'project':
      return trans.__('Project');
    case 'mounts':
      return trans.__('Mounts');
    case 'env':
      return trans.__('Environment');
    case 'agent':
    case 'model':
    case 'resources':
    case 'token_budget':
    case 'chat_token_budget':
      return trans.__('Agent and resources');
    default:
      return '';
  }
}

interface IQuestion {
  onKeep: () => void;
  onDiscard: () => void;
}

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

  /** Ask whether what was typed is to be discarded, or no longer. */
  ask(question: IQuestion | null): void {
    this._question = question;
    this.update();
  }

  protected override render(): JSX.Element {
    return this._question ? (
      <DiscardQuestion {...this._question} />
    ) : (
      <FormState form={this._form} />
    );
  }

  private _question: IQuestion | null = null;
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
    const footer = new FormFooter(form);
    super({
      title,
      body: form,
      hasClose: true,
      focusNodeSelector: focus,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: accept })],
      renderer: new FormRenderer(footer)
    });
    this.addClass('jp-AgentHub-dialog');
    this._form = form;
    this._footer = footer;
  }

  result: R | null = null;

  override resolve(index?: number): void {
    if (index === 0) {
      this.reject();
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

  override reject(): void {
    if (this._isAsking) {
      this._keep();
    } else if (this._form.isChanged) {
      this._ask();
    } else {
      super.reject();
    }
  }

  override handleEvent(event: Event): void {
    // Lab brings a focus that leaves the dialog back to the form, which cannot be used now.
    if (this._isAsking && event.type === 'focus' && !this.node.contains(event.target as Node)) {
      event.stopPropagation();
      this._footer.node.querySelector('button')?.focus();
      return;
    }
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

  /** Ask before what was typed is lost; meanwhile the form cannot be used. */
  private _ask(): void {
    this._isAsking = true;
    this._focused = document.activeElement;
    this.addClass('jp-mod-asking');
    this._form.node.inert = true;
    this._footer.ask({ onKeep: () => this._keep(), onDiscard: () => super.reject() });
  }

  private _keep(): void {
    this._isAsking = false;
    this.removeClass('jp-mod-asking');
    this._form.node.inert = false;
    this._footer.ask(null);
    if (this._focused instanceof HTMLElement) {
      this._focused.focus();
    }
  }

  private readonly _form: Form<T, R>;
  private readonly _footer: FormFooter<T, R>;
  private _isAsking = false;
  private _focused: Element | null = null;
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
