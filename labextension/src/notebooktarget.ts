import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';

import { trans } from './translation';

/** Makes the source of a cell, for a notebook at a path. */
export type CellMaker = (notebook: string) => string;

/** The notebook that cells are inserted into: the one that was used last. */
export class NotebookTarget {
  constructor(
    private readonly _tracker: INotebookTracker | null,
    private readonly _contents: Contents.IManager
  ) {
    _tracker?.currentChanged.connect(() => this._changed.emit());
  }

  /** It is another one. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Why nothing can be inserted; empty where it can. */
  get blocked(): string {
    return this._tracker?.currentWidget ? '' : trans.__('Open a notebook first.');
  }

  /** Put a cell below the active one, and go there where the notebook is not in view. */
  async insert(make: CellMaker, activate: (id: string) => void): Promise<void> {
    const panel = this._tracker?.currentWidget;
    // What is put into a notebook that is still being read is gone once it has been.
    await panel?.context.ready;
    const cells = panel?.content.model?.sharedModel;
    if (!panel || !cells) {
      return;
    }
    const { content } = panel;
    const index = content.widgets.length === 0 ? 0 : content.activeCellIndex + 1;
    cells.insertCell(index, { cell_type: 'code', source: make(this._path(panel)), metadata: {} });
    content.activeCellIndex = index;
    if (!panel.isVisible) {
      activate(panel.id);
    }
    void content.scrollToItem(index);
  }

  /** The path of the notebook that a place in the page is in; null where it is in none. */
  at(node: Node): string | null {
    const panel = this._tracker?.find(({ node: own }) => own.contains(node));
    return panel ? this._path(panel) : null;
  }

  /** The path of the notebook that was used last; null where there is none. */
  get path(): string | null {
    const panel = this._tracker?.currentWidget;
    return panel ? this._path(panel) : null;
  }

  /** Without the drive, which collaboration puts before it: kernels know none. */
  private _path(panel: NotebookPanel): string {
    return this._contents.localPath(panel.context.path);
  }

  private readonly _changed = new Signal<this, void>(this);
}
