import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';
import { DisposableSet } from '@lumino/disposable';

import type { HubModel, IHubChange } from '../model';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** A card for each agent, and one to add a project. */
export const launcher: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:launcher`,
  description: 'Starts chats from the launcher.',
  autoStart: true,
  requires: [IAgentHub],
  // A page of Notebook 7 has none.
  optional: [ILauncher],
  activate: (_: JupyterFrontEnd, { model }: IAgentHub, launcher: ILauncher | null) => {
    if (!launcher) {
      return;
    }
    const category = trans.__('Agents');
    let shown = '';
    let cards = new DisposableSet();
    const update = () => {
      const agents = (model.status?.agents ?? []).map(agent => agent.name);
      if (agents.join() === shown) {
        return;
      }
      shown = agents.join();
      cards.dispose();
      cards = new DisposableSet();
      agents.forEach((agent, rank) => {
        const args = { agent, isLauncher: true };
        cards.add(launcher.add({ command: CommandIDs.newChat, category, rank, args }));
      });
      cards.add(
        launcher.add({
          command: CommandIDs.addProject,
          category,
          rank: agents.length,
          args: { isLauncher: true }
        })
      );
    };
    model.changed.connect((_: HubModel, { kind }: IHubChange) => {
      if (kind === 'status' || kind === 'all') {
        update();
      }
    });
    update();
  }
};
