import React from 'react';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { Panel } from './components/Panel';
import type { CurrentTab } from './currenttab';
import { hubIcon } from './icons';
import type { HubModel } from './model';

/** The side panel as a widget of Lab's left area. */
export class HubPanel extends ReactWidget {
  constructor(model: HubModel, commands: CommandRegistry, tab: CurrentTab) {
    super();
    this.id = 'agent-hub-panel';
    this.addClass('jp-AgentHub');
    this.title.icon = hubIcon;
    this.title.caption = 'Agent Hub';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Agent Hub');
    this._model = model;
    this._commands = commands;
    this._tab = tab;
  }

  /** Open the field that filters the rows, or close it. */
  toggleFilter(): void {
    this._setQuery(this._query === null ? '' : null);
  }

  protected override render(): JSX.Element {
    return (
      <Panel
        model={this._model}
        commands={this._commands}
        tab={this._tab}
        query={this._query}
        onQuery={query => this._setQuery(query)}
      />
    );
  }

  private _setQuery(query: string | null): void {
    this._query = query;
    this.update();
  }

  private readonly _model: HubModel;
  private readonly _commands: CommandRegistry;
  private readonly _tab: CurrentTab;
  private _query: string | null = null;
}
