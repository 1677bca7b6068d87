import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';

import { gitHubName, whose, withoutGitHub, withoutModel } from '../affected';
import { confirmed } from '../confirmed';
import { ConnectionsPageWidget } from '../connectionspage';
import { connectionsIcon } from '../icons';
import type { HubModel, IHubChange } from '../model';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

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
      label: trans.__('Connections'),
      caption: trans.__('Whose accounts chats use'),
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
      label: trans.__('Check Connections'),
      isEnabled: isUp,
      execute: async () => {
        const { openai, github } = model.status ?? {};
        await Promise.all([
          openai?.connected &&
            model.api
              .checkOpenAI()
              .catch(refused(trans.__('Could not check the connection to OpenAI'))),
          github?.connected &&
            model.api
              .checkGitHub()
              .catch(refused(trans.__('Could not check the connection to GitHub')))
        ]);
      }
    });

    commands.addCommand(CommandIDs.disconnectOpenAI, {
      label: trans.__('Remove OpenAI Key…'),
      isEnabled: () => isUp() && Boolean(model.status?.openai.key),
      execute: async () => {
        const { openai } = model.status!;
        const isSure = await confirmed({
          title: trans.__('Remove the OpenAI key?'),
          body: [
            withoutModel('key', openai, model.chats),
            trans.__('The key is deleted from this server; it stays valid at %1.', whose(openai))
          ].join(' '),
          accept: trans.__('Remove')
        });
        if (isSure) {
          await model.api
            .disconnectOpenAI()
            .catch(refused(trans.__('Could not remove the OpenAI key')));
        }
      }
    });

    commands.addCommand(CommandIDs.signOut, {
      label: trans.__('Sign Out of ChatGPT…'),
      isEnabled: () => isUp() && Boolean(model.status?.openai.chatgpt),
      execute: async () => {
        const isSure = await confirmed({
          title: trans.__('Sign out of ChatGPT?'),
          body: [
            withoutModel('chatgpt', model.status!.openai, model.chats),
            trans.__('The sign-in is deleted from this server.')
          ].join(' '),
          accept: trans.__('Sign out')
        });
        if (isSure) {
          await model.api.signOut().catch(refused(trans.__('Could not sign out')));
        }
      }
    });

    commands.addCommand(CommandIDs.disconnectGitHub, {
      label: trans.__('Disconnect GitHub…'),
      isEnabled: () => isUp() && Boolean(model.status?.github.connected),
      execute: async () => {
        const { github } = model.status!;
        const lost = withoutGitHub(github, model.projects, model.chats);
        const isSure = await confirmed({
          title: trans.__('Disconnect GitHub?'),
          body: [
            lost,
            github.app
              ? trans.__(
                  'The App’s key is deleted from this server; it stays valid at %1.',
                  gitHubName(github)
                )
              : trans.__(
                  'The token is deleted from this server; it stays valid at %1.',
                  gitHubName(github)
                )
          ].join(' '),
          accept: trans.__('Disconnect')
        });
        if (isSure) {
          await model.api
            .disconnectGitHub()
            .catch(refused(trans.__('Could not disconnect GitHub')));
        }
      }
    });

    model.changed.connect((_: HubModel, { kind }: IHubChange) => {
      if (kind === 'status' || kind === 'all') {
        commands.notifyCommandChanged();
      }
    });
    void restorer?.restore(tracker, { command: CommandIDs.openConnections, name: () => 'page' });
  }
};
