import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { HubError, type Chat } from '../api';
import { describeList, texts } from '../args';
import { confirmed } from '../confirmed';
import { count } from '../format';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';

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
      label: args => `Stop ${count(chosen(args, isRunning).length, 'Chat')}…`,
      describedBy: CHATS,
      isEnabled: args => model.outage === null && chosen(args, isRunning).length > 0,
      execute: async args => {
        const chats = chosen(args, isRunning);
        const isSure = await confirmed({
          title: `Stop ${count(chats.length, 'chat')}?`,
          body: `${named(chats)}. Their agents are interrupted; workspaces and conversations stay, and they can be resumed.`,
          accept: 'Stop'
        });
        if (isSure) {
          await each(chats, chat => model.stopChat(chat.id), 'stop');
        }
      }
    });

    commands.addCommand(CommandIDs.resumeChats, {
      label: args => `Resume ${count(chosen(args, hasEnded).length, 'Chat')}`,
      describedBy: CHATS,
      isEnabled: args => model.outage === null && chosen(args, hasEnded).length > 0,
      execute: args => each(chosen(args, hasEnded), chat => model.startChat(chat.id), 'resume')
    });

    commands.addCommand(CommandIDs.deleteChats, {
      label: args => `Delete ${count(chosen(args, isThere).length, 'Chat')}…`,
      describedBy: CHATS,
      isEnabled: args => model.outage === null && chosen(args, isThere).length > 0,
      execute: async args => {
        const chats = chosen(args, isThere);
        const isSure = await confirmed({
          title: `Delete ${count(chats.length, 'chat')}?`,
          body: `${named(chats)}. Their containers, workspaces and conversations are deleted. Those with work that is nowhere else are asked about once more.`,
          accept: 'Delete'
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

function hasEnded(chat: Chat): boolean {
  return ['exited', 'failed'].includes(chat.status);
}

function isThere(chat: Chat): boolean {
  return chat.status !== 'deleting';
}

/** The names of chats in a sentence. */
function named(chats: readonly Chat[]): string {
  const names = chats.slice(0, NAMED).map(chat => chat.name);
  const more = chats.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Do it with each of them; one that is refused is told, and holds up none of the others. */
async function each(
  chats: readonly Chat[],
  act: (chat: Chat) => Promise<unknown>,
  verb: string
): Promise<void> {
  await Promise.all(chats.map(chat => act(chat).catch(refused(`Could not ${verb} ${chat.name}`))));
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
  await each(chats, remove, 'delete');
  const unsaved = chats.filter(chat => asked.has(chat.id));
  if (unsaved.length === 0) {
    return;
  }
  const isSure = await confirmed({
    title: `${count(unsaved.length, 'chat')} with work that is nowhere else`,
    body: `${named(unsaved)}. Deleted anyway, their commits and changed files are kept for 30 days, and can be restored from Recently deleted until then.`,
    accept: 'Delete anyway'
  });
  if (isSure) {
    await each(unsaved, chat => model.deleteChat(chat.id, true), 'delete');
    await model.deleted.load().catch(refused('What is kept of them could not be listed'));
  }
}
