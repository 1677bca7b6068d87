import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Dialog, MainAreaWidget, showDialog, WidgetTracker } from '@jupyterlab/apputils';

import { ConnectionsPageWidget } from '../connectionspage';
import { count } from '../format';
import { connectionsIcon } from '../icons';
import type { HubModel, IHubChange } from '../model';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';

const ID = 'agent-hub-connections';

/** Whose accounts chats use, and the page that shows it. */
export const connections: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:connections`,
  description: 'Connects the accounts that chats use.',
  autoStart: true,
  requires: [IAgentHub],
  optional: [ILayoutRestorer],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub, restorer: ILayoutRestorer | null) => {
    const { commands } = app;
    const tracker = new WidgetTracker<MainAreaWidget<ConnectionsPageWidget>>({ namespace: ID });
    const isUp = () => model.outage?.kind !== 'hub';

    commands.addCommand(CommandIDs.openConnections, {
      label: 'Connections',
      caption: 'Whose accounts chats use',
      icon: connectionsIcon,
      execute: async () => {
        let page = tracker.find(() => true);
        if (!page) {
          page = new MainAreaWidget({ content: new ConnectionsPageWidget(model, commands) });
          page.id = ID;
          page.toolbar.hide();
          await tracker.add(page);
          app.shell.add(page, 'main', { type: 'Connections' });
        }
        app.shell.activateById(page.id);
      }
    });

    commands.addCommand(CommandIDs.checkConnections, {
      label: 'Check Connections',
      isEnabled: isUp,
      execute: async () => {
        await model.api.checkOpenAI().catch(refused('Could not check the connection to OpenAI'));
      }
    });

    commands.addCommand(CommandIDs.disconnectOpenAI, {
      label: 'Remove OpenAI Key…',
      isEnabled: () => isUp() && Boolean(model.status?.openai.connected),
      execute: async () => {
        const { button } = await showDialog({
          title: 'Remove the OpenAI key?',
          body: `${affected(model)} The key is deleted from this server; it stays valid at OpenAI.`,
          buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Remove' })]
        });
        if (button.accept) {
          await model.api.disconnectOpenAI().catch(refused('Could not remove the OpenAI key'));
        }
      }
    });

    model.changed.connect((_: HubModel, { kind }: IHubChange) => {
      if (kind === 'status' || kind === 'all') {
        commands.notifyCommandChanged(CommandIDs.disconnectOpenAI);
      }
    });
    void restorer?.restore(tracker, { command: CommandIDs.openConnections, name: () => 'page' });
  }
};

/** Which chats lose what a connection gives them. */
function affected(model: HubModel): string {
  const names = model.chats
    .filter(chat => chat.status === 'running' && chat.agent === 'codex')
    .map(chat => `“${chat.name}”`);
  if (names.length === 0) {
    return 'No chat runs now; new ones reach no model until OpenAI is connected again.';
  }
  const shown = names.slice(0, 3).join(', ');
  const rest = names.length > 3 ? ` and ${count(names.length - 3, 'other')}` : '';
  return `${shown}${rest} and new chats reach no model until OpenAI is connected again.`;
}
