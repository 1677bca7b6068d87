import React from 'react';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';

import { StatusItem } from '../components/StatusItem';
import type { HubModel, IHubChange } from '../model';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';

/** How many chats run, in the status bar. */
export const statusbar: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:statusbar`,
  description: 'Shows in the status bar how many chats run.',
  autoStart: true,
  requires: [IAgentHub],
  // A page of Notebook 7 has none.
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub, bar: IStatusBar | null) => {
    if (!bar) {
      return;
    }
    const item = ReactWidget.create(
      <StatusItem
        model={model}
        onClick={() => {
          const { nextWaiting, showPanel } = CommandIDs;
          void app.commands.execute(app.commands.isEnabled(nextWaiting) ? nextWaiting : showPanel);
        }}
      />
    );
    item.addClass('jp-mod-highlighted');
    const activeStateChanged = new Signal<HubModel, void>(model);
    model.changed.connect((_: HubModel, { kind }: IHubChange) => {
      if (kind === 'all') {
        activeStateChanged.emit();
      }
    });
    bar.registerStatusItem(`${PLUGIN}:statusbar`, {
      item,
      align: 'left',
      rank: 3,
      isActive: () => model.status !== null,
      activeStateChanged
    });
  }
};
