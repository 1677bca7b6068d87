import React from 'react';
import { ReactWidget } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';

import { ConnectionsPage } from './components/ConnectionsPage';
import { GatewayWatch } from './gateway';
import { connectionsIcon } from './icons';
import type { HubModel, IHubChange } from './model';
import { trans } from './translation';

/** The page of the connections, as the content of a tab. */
export class ConnectionsPageWidget extends ReactWidget {
  constructor(
    private readonly _model: HubModel,
    private readonly _commands: CommandRegistry
  ) {
    super();
    this.addClass('jp-AgentHub');
    this.title.label = trans.__('Connections');
    this.title.caption = trans.__('Whose accounts chats use');
    this.title.icon = connectionsIcon;
    this._gateway = new GatewayWatch(_model.api);
    _model.changed.connect(this._onChanged, this);
  }

  override dispose(): void {
    this._model.changed.disconnect(this._onChanged, this);
    this._gateway.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._gateway.start();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._gateway.pause();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this._gateway.start();
    }
  }

  protected override onBeforeDetach(message: Message): void {
    this._gateway.pause();
    super.onBeforeDetach(message);
  }

  protected override render(): JSX.Element {
    return (
      <ConnectionsPage model={this._model} gateway={this._gateway} commands={this._commands} />
    );
  }

  private _onChanged(_: HubModel, { kind }: IHubChange): void {
    // What is connected is what the gateway's routes are of.
    if (kind === 'status' && this.isVisible) {
      this._gateway.refresh();
    }
  }

  private readonly _gateway: GatewayWatch;
}
