import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { hasEnded } from '../activity';
import { HubError, type Chat } from '../api';
import { describeList, texts } from '../args';
import { confirmed } from '../confirmed';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

const CHATS = describeList('chats', 'ids of the chats');

/** Names that a question lists; of more it says how many. */
const NAMED = 8;

/** What is done with several chats at once: one question for all of them. */
export const manyChats: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:many-chats`,
  description: 'Stops, resumes and deletes several chats at once.',
  autoStart: true,
  requires: [IAgentHub],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub) => {
    const { commands } = app;
    const chosen = (args: ReadonlyPartialJSONObject, fits: (chat: Chat) => boolean): Chat[] =>
      texts(args, 'chats').flatMap(id => {
        const chat = model.isPending(id) ? undefined : model.chat(id);
        return chat && fits(chat) ? [chat] : [];
      });

    commands.addCommand(CommandIDs.stopChats, {
      label: args => trans._n('Stop %1 Chat…', 'Stop %1 Chats…', chosen(args, isRunning).length),
      describedBy: CHATS,
      isEnabled: args => model.outage === null && chosen(args, isRunning).length > 0,
      execute: async args => {
        const chats = chosen(args, isRunning);
        const isSure = await confirmed({
          title: trans._n('Stop %1 chat?', 'Stop %1 chats?', chats.length),
          body: trans.__(
            '%1. Their agents are interrupted; workspaces and conversations stay, and they can be resumed.',
            named(chats)
          ),
          accept: trans.__('Stop')
        });
        if (isSure) {
          await each(
            chats,
            chat => model.stopChat(chat.id),
            name => trans.__('Could not stop “%1”', name)
          );
        }
      }
    });

    commands.addCommand(CommandIDs.resumeChats, {
      label: args => trans._n('Resume %1 Chat', 'Resume %1 Chats', chosen(args, hasEnded).length),
      describedBy: CHATS,
      isEnabled: args => model.outage === null && chosen(args, hasEnded).length > 0,
      execute: args =>
        each(
          chosen(args, hasEnded),
          chat => model.startChat(chat.id),
          name => trans.__('Could not resume “%1”', name)
        )
    });

    commands.addCommand(CommandIDs.deleteChats, {
      label: args => trans._n('Delete %1 Chat…', 'Delete %1 Chats…', chosen(args, isThere).length),
      describedBy: CHATS,
      isEnabled: args => model.outage === null && chosen(args, isThere).length > 0,
      execute: async args => {
        const chats = chosen(args, isThere);
        const isSure = await confirmed({
          title: trans._n('Delete %1 chat?', 'Delete %1 chats?', chats.length),
          body: trans.__(
            '%1. Their containers, workspaces and conversations are deleted. Those with work that is nowhere else are asked about once more.',
            named(chats)
          ),
          accept: trans.__('Delete')
        });
        if (isSure) {
          await removeAll(model, chats);
        }
      }
    });
  }
};

function isRunning(chat: Chat): boolean {
  return ['queued', 'starting', 'running'].includes(chat.status);
}

function isThere(chat: Chat): boolean {
  return chat.status !== 'deleting';
}

/** The names of chats in a sentence. */
function named(chats: readonly Chat[]): string {
  const shown = chats.slice(0, NAMED);
  const names = shown.map(chat => chat.name).join(', ');
  const more = chats.length - shown.length;
  return more > 0 ? trans._n('%2 and %1 more', '%2 and %1 more', more, names) : names;
}

/** Do it with each of them; one that is refused is told, and holds up none of the others. */
async function each(
  chats: readonly Chat[],
  act: (chat: Chat) => Promise<unknown>,
  refusal: (name: string) => string
): Promise<void> {
  await Promise.all(chats.map(chat => act(chat).catch(refused(refusal(chat.name)))));
}

/** Delete them, and ask once about all that have work that is nowhere else. */
async function removeAll(model: HubModel, chats: readonly Chat[]): Promise<void> {
  const asked = new Set<string>();
  const remove = async (chat: Chat) => {
    try {
      await model.deleteChat(chat.id);
    } catch (reason) {
      if (HubError.from(reason).code !== 'unsaved_work') {
        throw reason;
      }
      asked.add(chat.id);
    }
  };
  const refusal = (name: string) => trans.__('Could not delete “%1”', name);
  await each(chats, remove, refusal);
  const unsaved = chats.filter(chat => asked.has(chat.id));
  if (unsaved.length === 0) {
    return;
  }
  const isSure = await confirmed({
    title: trans._n(
      '%1 chat with work that is nowhere else',
      '%1 chats with work that is nowhere else',
      unsaved.length
    ),
    body: trans.__(
      '%1. Deleted anyway, their commits and changed files are kept for 30 days, and can be restored from Recently deleted until then.',
      named(unsaved)
    ),
    accept: trans.__('Delete anyway')
  });
  if (isSure) {
    await each(unsaved, chat => model.deleteChat(chat.id, true), refusal);
    await model.deleted.load().catch(refused(trans.__('What is kept of them could not be listed')));
  }
}
