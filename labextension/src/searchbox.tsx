import React from 'react';
import { ReactWidget } from '@jupyterlab/ui-components';

import type { TerminalMatch } from './api';
import { TerminalSearchBox } from './components/TerminalSearchBox';
import { TerminalSearch } from './terminalsearch';

/** A search that lies over a chat's terminal, at its upper edge. */
export class SearchBox extends ReactWidget {
  /**
   * @param reveal - Brings a match into view in the terminal, past so many newer lines of the same text; the result is
   * whether the terminal has it.
   */
  constructor(
    search: TerminalSearch,
    reveal: (match: TerminalMatch, repeats: number) => boolean,
    onClose: () => void
  ) {
    super();
    this.addClass('jp-AgentHub');
    this.addClass('jp-AgentHub-searchBox');
    this._search = search;
    this._onClose = onClose;
    search.currentChanged.connect((_, match) => {
      this._isInView = reveal(match, search.repeats);
      this.update();
    });
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._search.dispose();
    }
    super.dispose();
  }

  /** Give the focus to the field. */
  protected override onActivateRequest(): void {
    this.node.querySelector('input')?.select();
  }

  protected override render(): JSX.Element {
    return (
      <TerminalSearchBox
        search={this._search}
        isInView={this._isInView}
        onClose={() => this._onClose()}
      />
    );
  }

  private readonly _search: TerminalSearch;
  private readonly _onClose: () => void;
  private _isInView: boolean | null = null;
}
