import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { Signal } from '@lumino/signaling';

import { chatWords } from '../format';
import { iconOfAgent } from '../icons';
import type { HubModel, IHubChange } from '../model';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** The chats that run, beside kernels and terminals in Lab's own list of what runs. */
export const running: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:running`,
  description: 'Lists running chats among what runs.',
  autoStart: true,
  requires: [IAgentHub],
  // A page of Notebook 7 has none.
  optional: [IRunningSessionManagers],
  activate: (
    app: JupyterFrontEnd,
    { model }: IAgentHub,
    managers: IRunningSessionManagers | null
  ) => {
    if (!managers) {
      return;
    }
    const chats = () =>
      model.chats.filter(
        chat => !model.isPending(chat.id) && ['running', 'starting', 'queued'].includes(chat.status)
      );
    const runningChanged = new Signal<HubModel, void>(model);
    model.changed.connect((_: HubModel, { kind }: IHubChange) => {
      if (kind === 'chat' || kind === 'all') {
        runningChanged.emit();
      }
    });
    managers.add({
      name: trans.__('Agent Hub chats'),
      running: () =>
        chats().map(chat => ({
          label: () => chat.name,
          labelTitle: () =>
            trans._p(
              'agent of a project',
              '%1 in %2',
              model.agentTitle(chat.agent),
              model.project(chat.project)?.name ?? ''
            ),
          detail: () => chatWords(chat, model.outage),
          icon: () => iconOfAgent(chat.agent),
          open: () => void app.commands.execute(CommandIDs.openChat, { chat: chat.id }),
          shutdown: () => void app.commands.execute(CommandIDs.stopChat, { chat: chat.id })
        })),
      runningChanged,
      refreshRunning: () => undefined,
      shutdownAll: () => {
        for (const chat of chats()) {
          model.stopChat(chat.id).catch(refused(trans.__('Could not stop “%1”', chat.name)));
        }
      },
      shutdownLabel: trans.__('Stop'),
      shutdownAllLabel: trans.__('Stop All'),
      shutdownAllConfirmationText: trans.__(
        'Stop every chat of Agent Hub? Workspaces and conversations stay.'
      )
    });
  }
};
