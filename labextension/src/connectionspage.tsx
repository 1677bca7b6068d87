import React from 'react';
import { ReactWidget } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';

import { ConnectionsPage } from './components/ConnectionsPage';
import { connectionsIcon } from './icons';
import type { HubModel } from './model';

/** The page of the connections, as the content of a tab. */
export class ConnectionsPageWidget extends ReactWidget {
  constructor(
    private readonly _model: HubModel,
    private readonly _commands: CommandRegistry
  ) {
    super();
    this.addClass('jp-AgentHub');
    this.title.label = 'Connections';
    this.title.caption = 'Whose accounts chats use';
    this.title.icon = connectionsIcon;
  }

  protected override render(): JSX.Element {
    return <ConnectionsPage model={this._model} commands={this._commands} />;
  }
}
