import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { IStateDB } from '@jupyterlab/statedb';

import { activityOf } from '../activity';
import type { Chat } from '../api';
import type { INews } from '../chatnews';
import { describe } from '../args';
import { turnReason } from '../format';
import { warningMark } from '../icons';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** Where it is kept which news of chats this browser has shown. */
const SEEN = `${PLUGIN}:seen`;

/** How long changes are gathered before they are kept, in milliseconds. */
const PAUSE = 500;

/** How long it is told that a chat has finished, in milliseconds. */
const FINISHED = 10_000;

/** Who needs the person: a notification for each, and a command that goes from one to the next. */
export const attention: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:attention`,
  description: 'Tells when a chat waits for the person, has finished or has failed.',
  autoStart: true,
  requires: [IAgentHub],
  optional: [IStateDB],
  activate: (
    app: JupyterFrontEnd,
    { model, news, settings }: IAgentHub,
    state: IStateDB | null
  ) => {
    const { commands, shell } = app;
    const open = (chat: string) => void commands.execute(CommandIDs.openChat, { chat });

    let last = '';
    commands.addCommand(CommandIDs.nextWaiting, {
      label: trans.__('Next Chat That Needs You'),
      caption: trans.__('Open the next chat whose agent waits for an answer'),
      icon: warningMark,
      describedBy: describe({}),
      isEnabled: () => model.count('waiting') > 0,
      execute: () => {
        const ids = model.chats.filter(chat => activityOf(chat) === 'waiting').map(chat => chat.id);
        // After the last one it begins again; where that has been answered, at the first.
        const next = ids[(ids.indexOf(last) + 1) % ids.length];
        if (next) {
          last = next;
          // Its question is there, and is answered by one more key.
          void commands.execute(CommandIDs.openChat, { chat: next, front: 'conversation' });
        }
      }
    });

    const told = new Map<string, string>();
    const dismiss = (chat: string) => {
      const notice = told.get(chat);
      if (notice) {
        told.delete(chat);
        Notification.dismiss(notice);
      }
    };
    news.settled.connect((_, chat) => dismiss(chat));
    news.arrived.connect((_, { chat, news }) => {
      dismiss(chat.id);
      // A run has its table, and may have a hundred chats.
      const isQuiet = news.kind === 'finished' && chat.run !== null;
      if (!settings.isTold(news.kind) || isQuiet) {
        return;
      }
      const actions = [{ label: trans.__('Open'), callback: () => open(chat.id) }];
      if (news.kind === 'waiting') {
        actions.unshift({
          label: trans._p('verb', 'Answer'),
          callback: () => void commands.execute(CommandIDs.answerChat, { chat: chat.id })
        });
      }
      const type = ({ waiting: 'warning', finished: 'success', failed: 'error' } as const)[
        news.kind
      ];
      const autoClose = news.kind === 'finished' ? FINISHED : false;
      told.set(chat.id, Notification.emit(wordsOf(chat, news), type, { autoClose, actions }));
    });

    const look = () => requestAnimationFrame(() => news.look());
    shell.currentChanged?.connect(look);
    document.addEventListener('visibilitychange', look);

    let timer: ReturnType<typeof setTimeout> | undefined;
    news.changed.connect(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void state?.save(SEEN, news.seen);
      }, PAUSE);
    });
    const kept = state ? state.fetch(SEEN) : Promise.resolve(undefined);
    kept
      .then(seen => news.begin((seen as Record<string, string> | undefined) ?? null))
      .catch(reason => {
        console.warn('Agent Hub could not read which chats were seen.', reason);
        news.begin(null);
      });
  }
};

function wordsOf(chat: Chat, { kind }: INews): string {
  switch (kind) {
    case 'waiting':
      return trans.__('“%1” waits for you.', chat.name);
    case 'finished':
      return trans.__('“%1” has finished.', chat.name);
    case 'failed': {
      if (chat.status !== 'failed') {
        return [trans.__('“%1” could not go on.', chat.name), turnReason(chat)].join(' ').trim();
      }
      const { message = '', hint = '' } = chat.error ?? {};
      return [trans.__('“%1” failed.', chat.name), message, hint].filter(Boolean).join(' ');
    }
  }
}
