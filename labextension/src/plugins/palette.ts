import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { DisposableSet } from '@lumino/disposable';

import type { HubModel, IHubChange } from '../model';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** What needs no row to act on, in the command palette. */
export const palette: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:palette`,
  description: 'Adds commands to the palette.',
  autoStart: true,
  requires: [IAgentHub, ICommandPalette],
  activate: (_: JupyterFrontEnd, { model }: IAgentHub, palette: ICommandPalette) => {
    const category = trans.__('Agent Hub');
    for (const command of [
      CommandIDs.showPanel,
      CommandIDs.filter,
      CommandIDs.addProject,
      CommandIDs.newChat,
      CommandIDs.newChatWithOptions,
      CommandIDs.nextWaiting,
      CommandIDs.searchTerminal,
      CommandIDs.openArtifacts,
      CommandIDs.openConnections,
      CommandIDs.checkEngine
    ]) {
      palette.addItem({ command, category });
    }

    let shown = '';
    let items = new DisposableSet();
    const update = () => {
      const agents = (model.status?.agents ?? []).map(agent => agent.name);
      if (agents.join() === shown) {
        return;
      }
      shown = agents.join();
      items.dispose();
      items = new DisposableSet();
      for (const agent of agents) {
        const args = { agent };
        items.add(palette.addItem({ command: CommandIDs.newChat, category, args }));
      }
    };
    model.changed.connect((_: HubModel, { kind }: IHubChange) => {
      if (kind === 'status' || kind === 'all') {
        update();
      }
    });
    update();
  }
};
