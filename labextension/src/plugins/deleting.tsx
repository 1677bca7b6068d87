import React from 'react';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { downloadIcon, undoIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { HubError, type Chat, type DeletedChat } from '../api';
import { describe, text } from '../args';
import { place, Sentence } from '../components/Sentence';
import { confirmed } from '../confirmed';
import { day } from '../format';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** How long unsaved work of a deleted chat is kept, in days. */
const KEPT = 30;

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
      label: trans.__('Delete Chat…'),
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
      label: trans.__('Restore'),
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
          refused(trans.__('Could not restore “%1”', found.name))(reason);
        }
      }
    });

    commands.addCommand(CommandIDs.downloadDeleted, {
      label: trans.__('Download Its Work'),
      caption: trans.__('A Git bundle of the commits and files that were nowhere else'),
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
      label: trans.__('Delete Now…'),
      describedBy: DELETED,
      isEnabled: isHubUp,
      execute: async args => {
        const found = deleted.get(text(args, 'deleted'));
        if (!found) {
          return;
        }
        const { button } = await showDialog({
          title: trans.__('Delete what is kept of “%1”?', found.name),
          body: trans.__('Its unsaved work is nowhere else. It cannot be brought back.'),
          buttons: [
            Dialog.cancelButton({ label: trans.__('Keep') }),
            Dialog.warnButton({ label: trans.__('Delete now') })
          ],
          defaultButton: 0
        });
        if (button.accept) {
          await deleted
            .forget(found.id)
            .catch(refused(trans.__('Could not delete “%1”', found.name)));
        }
      }
    });
  }
};

/** Delete a chat, once the person knows what goes with it; the result is whether it had work that is kept. */
async function remove(model: HubModel, chat: Chat): Promise<boolean> {
  const artifacts = model.artifactsOf(chat.id).length;
  const lost = trans.__('Its container, its workspace and its conversation are deleted.');
  const kept = trans._n(
    'The file it published stays in the file browser; the hub no longer lists it.',
    'The %1 files it published stay in the file browser; the hub no longer lists them.',
    artifacts
  );
  const isSure = await confirmed({
    title: trans.__('Delete “%1”?', chat.name),
    body: artifacts > 0 ? `${lost} ${kept}` : lost,
    accept: trans.__('Delete')
  });
  if (!isSure) {
    return false;
  }
  try {
    await model.deleteChat(chat.id);
  } catch (reason) {
    const error = HubError.from(reason);
    if (error.code !== 'unsaved_work') {
      refused(trans.__('Could not delete “%1”', chat.name))(reason);
      return false;
    }
    return removeUnsaved(model, chat, error);
  }
  return false;
}

async function removeUnsaved(model: HubModel, chat: Chat, error: HubError): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('This work is nowhere else'),
    body: <Unsaved error={error} workspace={chat.workspace} />,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep') }),
      Dialog.warnButton({ label: trans.__('Delete anyway') })
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
    refused(trans.__('Could not delete “%1”', chat.name))(reason);
    return false;
  }
}

/** What goes with a chat, and what of it can be brought back. */
function Unsaved(props: { error: HubError; workspace: string }): JSX.Element {
  const { error } = props;
  return (
    <div className="jp-AgentHub jp-AgentHub-unsaved">
      <p>{error.message}</p>
      <p>{trans.__('Commit and push it from the chat, or copy it out of the workspace:')}</p>
      <pre>{props.workspace}</pre>
      <p>
        <Sentence
          words={trans._n(
            'If you delete the chat anyway, its commits and changed files are kept for %1 day, and it can be restored from %2 until then.',
            'If you delete the chat anyway, its commits and changed files are kept for %1 days, and it can be restored from %2 until then.',
            KEPT,
            place(1)
          )}
        >
          <b>{trans.__('Recently deleted')}</b>
        </Sentence>
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
    refused(trans.__('“%1” is deleted, but what is kept of it could not be listed', chat.name))(
      reason
    );
    return;
  }
  if (!found) {
    return;
  }
  const args = { deleted: found.id };
  const words = found.expires_at
    ? trans.__(
        'Deleted “%1”. Its unsaved work is kept until %2.',
        found.name,
        day(found.expires_at)
      )
    : trans.__('Deleted “%1”. Its unsaved work is kept.', found.name);
  Notification.info(words, {
    autoClose: 20_000,
    actions: [
      {
        label: trans.__('Restore'),
        displayType: 'accent',
        callback: () => void commands.execute(CommandIDs.restoreChat, args)
      },
      {
        label: trans.__('Download'),
        callback: event => {
          event.preventDefault();
          void commands.execute(CommandIDs.downloadDeleted, args);
        }
      }
    ]
  });
}
