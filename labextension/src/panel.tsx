import React from 'react';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { ChatNews } from './chatnews';
import { Panel } from './components/Panel';
import type { CurrentTab } from './currenttab';
import { hubIcon } from './icons';
import type { HubModel } from './model';
import { trans } from './translation';

/** The side panel as a widget of Lab's left area. */
export class HubPanel extends ReactWidget {
  constructor(model: HubModel, news: ChatNews, commands: CommandRegistry, tab: CurrentTab) {
    super();
    this.id = 'agent-hub-panel';
    this.addClass('jp-AgentHub');
    this.title.icon = hubIcon;
    this.title.caption = trans.__('Agent Hub');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Agent Hub'));
    this._model = model;
    this._news = news;
    this._commands = commands;
    this._tab = tab;
    model.changed.connect(this._updateBadge, this);
    this._updateBadge();
  }

  /** Open the field that filters the rows, or close it. */
  toggleFilter(): void {
    this._setQuery(this._query === null ? '' : null);
  }

  protected override render(): JSX.Element {
    return (
      <Panel
        model={this._model}
        news={this._news}
        commands={this._commands}
        tab={this._tab}
        query={this._query}
        onQuery={query => this._setQuery(query)}
      />
    );
  }

  /** How many chats wait for the person, on the panel's tab at the side. */
  private _updateBadge(): void {
    const waiting = this._model.count('waiting');
    const { waiting: shown = '', ...rest } = this.title.dataset;
    const badge = waiting === 0 ? '' : waiting > 99 ? '99+' : String(waiting);
    if (badge === shown) {
      return;
    }
    this.title.dataset = badge === '' ? rest : { ...rest, waiting: badge };
    this.title.caption =
      waiting === 0
        ? trans.__('Agent Hub')
        : trans._n('Agent Hub: %1 chat waits for you', 'Agent Hub: %1 chats wait for you', waiting);
  }

  private _setQuery(query: string | null): void {
    this._query = query;
    this.update();
  }

  private readonly _model: HubModel;
  private readonly _news: ChatNews;
  private readonly _commands: CommandRegistry;
  private readonly _tab: CurrentTab;
  private _query: string | null = null;
}
