import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import { BuildPageWidget } from './buildpage';
import { ChatTab } from './chattab';

/** Which chat or project the current tab of Lab's main area belongs to. */
export class CurrentTab {
  constructor(shell: JupyterFrontEnd.IShell) {
    this._id = subject(shell.currentWidget);
    shell.currentChanged?.connect((_, { newValue }) => {
      const id = subject(newValue);
      if (id !== this._id) {
        this._id = id;
        this._changed.emit();
      }
    });
  }

  /** The id of the chat or project; `null` where the tab is something else's. */
  get id(): string | null {
    return this._id;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private readonly _changed = new Signal<this, void>(this);
  private _id: string | null;
}

function subject(widget: Widget | null): string | null {
  if (widget instanceof ChatTab) {
    return widget.chat;
  }
  const isBuild = widget instanceof MainAreaWidget && widget.content instanceof BuildPageWidget;
  return isBuild ? widget.content.project : null;
}
