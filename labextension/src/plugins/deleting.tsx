import React from 'react';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { downloadIcon, undoIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { HubError, type Chat, type DeletedChat } from '../api';
import { describe, text } from '../args';
import { confirmed } from '../confirmed';
import { count, day } from '../format';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';

/** How long unsaved work of a deleted chat is kept, in words. */
const KEPT = '30 days';

const DELETED = describe({ deleted: 'id of the deleted chat' });

/** Deleting chats, and bringing back what was deleted with unsaved work. */
export const deleting: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:deleting`,
  description: 'Deletes chats, and restores those whose unsaved work is kept.',
  autoStart: true,
  requires: [IAgentHub],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub) => {
    const { commands } = app;
    const { deleted } = model;
    const isHubUp = () => model.outage?.kind !== 'hub';

    commands.addCommand(CommandIDs.deleteChat, {
      label: 'Delete Chat…',
      describedBy: describe({ chat: 'id of the chat' }),
      isEnabled: () => model.outage === null,
      execute: async args => {
        const id = text(args, 'chat');
        const chat = model.isPending(id) ? undefined : model.chat(id);
        if (chat && (await remove(model, chat))) {
          await tellKept(model, commands, chat);
        }
      }
    });

    commands.addCommand(CommandIDs.restoreChat, {
      label: 'Restore',
      icon: undoIcon,
      describedBy: DELETED,
      isEnabled: () => model.outage === null,
      execute: async args => {
        const found = deleted.get(text(args, 'deleted'));
        if (!found) {
          return;
        }
        try {
          const chat = model.keepChat(await deleted.restore(found.id));
          await commands.execute(CommandIDs.openChat, { chat: chat.id });
        } catch (reason) {
          refused(`Could not restore ${found.name}`)(reason);
        }
      }
    });

    commands.addCommand(CommandIDs.downloadDeleted, {
      label: 'Download Its Work',
      caption: 'A Git bundle of the commits and files that were nowhere else',
      icon: downloadIcon,
      describedBy: DELETED,
      isEnabled: args => isHubUp() && deleted.get(text(args, 'deleted'))?.kind === 'bundle',
      execute: args => {
        const link = document.createElement('a');
        link.href = model.api.deletedUrl(text(args, 'deleted'));
        link.download = '';
        link.click();
      }
    });

    commands.addCommand(CommandIDs.forgetChat, {
      label: 'Delete Now…',
      describedBy: DELETED,
      isEnabled: isHubUp,
      execute: async args => {
        const found = deleted.get(text(args, 'deleted'));
        if (!found) {
          return;
        }
        const { button } = await showDialog({
          title: `Delete what is kept of ${found.name}?`,
          body: 'Its unsaved work is nowhere else. It cannot be brought back.',
          buttons: [
            Dialog.cancelButton({ label: 'Keep' }),
            Dialog.warnButton({ label: 'Delete now' })
          ],
          defaultButton: 0
        });
        if (button.accept) {
          await deleted.forget(found.id).catch(refused(`Could not delete ${found.name}`));
        }
      }
    });
  }
};

/** Delete a chat, once the person knows what goes with it; the result is whether it had work that is kept. */
async function remove(model: HubModel, chat: Chat): Promise<boolean> {
  const artifacts = model.artifactsOf(chat.id).length;
  const kept =
    artifacts > 0
      ? ` The ${count(artifacts, 'file')} it published stay in the file browser; the hub no longer lists them.`
      : '';
  const isSure = await confirmed({
    title: `Delete ${chat.name}?`,
    body: `Its container, its workspace and its conversation are deleted.${kept}`,
    accept: 'Delete'
  });
  if (!isSure) {
    return false;
  }
  try {
    await model.deleteChat(chat.id);
  } catch (reason) {
    const error = HubError.from(reason);
    if (error.code !== 'unsaved_work') {
      refused(`Could not delete ${chat.name}`)(reason);
      return false;
    }
    return removeUnsaved(model, chat, error);
  }
  return false;
}

async function removeUnsaved(model: HubModel, chat: Chat, error: HubError): Promise<boolean> {
  const { button } = await showDialog({
    title: 'This work is nowhere else',
    body: <Unsaved error={error} workspace={chat.workspace} />,
    buttons: [
      Dialog.cancelButton({ label: 'Keep' }),
      Dialog.warnButton({ label: 'Delete anyway' })
    ],
    defaultButton: 0
  });
  if (!button.accept) {
    return false;
  }
  try {
    await model.deleteChat(chat.id, true);
    return true;
  } catch (reason) {
    refused(`Could not delete ${chat.name}`)(reason);
    return false;
  }
}

/** What goes with a chat, and what of it can be brought back. */
function Unsaved(props: { error: HubError; workspace: string }): JSX.Element {
  const { error } = props;
  return (
    <div className="jp-AgentHub jp-AgentHub-unsaved">
      <p>{error.message}</p>
      <p>Commit and push it from the chat, or copy it out of the workspace:</p>
      <pre>{props.workspace}</pre>
      <p>
        If you delete the chat anyway, its commits and changed files are kept for {KEPT}, and it can
        be restored from <b>Recently deleted</b> until then.
      </p>
    </div>
  );
}

/** Tell where the unsaved work of a chat that was just deleted went. */
async function tellKept(model: HubModel, commands: CommandRegistry, chat: Chat): Promise<void> {
  let found: DeletedChat | undefined;
  try {
    await model.deleted.load();
    found = model.deleted.get(chat.id);
  } catch (reason) {
    refused(`${chat.name} is deleted, but what is kept of it could not be listed`)(reason);
    return;
  }
  if (!found) {
    return;
  }
  const args = { deleted: found.id };
  const until = found.expires_at ? ` until ${day(found.expires_at)}` : '';
  Notification.info(`Deleted “${found.name}”. Its unsaved work is kept${until}.`, {
    autoClose: 20_000,
    actions: [
      {
        label: 'Restore',
        displayType: 'accent',
        callback: () => void commands.execute(CommandIDs.restoreChat, args)
      },
      {
        label: 'Download',
        callback: event => {
          event.preventDefault();
          void commands.execute(CommandIDs.downloadDeleted, args);
        }
      }
    ]
  });
}
