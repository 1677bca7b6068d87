import React from 'react';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import { settingsIcon } from '@jupyterlab/ui-components';

import { HubError, type Chat, type NewChat } from '../api';
import { describe, text } from '../args';
import { ChatForm } from '../components/ChatForm';
import { Form, showForm } from '../formdialog';
import { chatValues, newChat, type ChatValues } from '../forms';
import { count } from '../format';
import { iconOfAgent } from '../icons';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';

const CHAT = describe({ chat: 'id of the chat' });

/** A chat's life: new, stopped, resumed, renamed, deleted. */
export const chats: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:chats`,
  description: 'Starts, stops, renames and deletes chats.',
  autoStart: true,
  requires: [IAgentHub],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub) => {
    const { commands } = app;
    const settled = (id: string): Chat | undefined =>
      model.isPending(id) ? undefined : model.chat(id);
    const openWhenThere = async (request: Promise<Chat | null>) => {
      const chat = await request;
      if (chat) {
        await commands.execute(CommandIDs.openChat, { chat: chat.id });
      }
    };

    commands.addCommand(CommandIDs.currentProject, {
      label: () => `In ${model.currentProject?.name ?? 'no project'}`,
      describedBy: describe({}),
      isEnabled: () => false,
      execute: () => undefined
    });

    commands.addCommand(CommandIDs.newChat, {
      label: args => {
        const agent = text(args, 'agent');
        if (args.isLauncher) {
          return `${model.agentTitle(agent)} chat`;
        }
        return text(args, 'label') || (agent ? `New ${model.agentTitle(agent)} Chat` : 'New Chat');
      },
      caption: args => (args.isDefault ? 'The project’s default agent' : ''),
      icon: args => (text(args, 'agent') ? iconOfAgent(text(args, 'agent')) : undefined),
      describedBy: describe({
        project: 'id of the project; the one last used where none is given',
        agent: 'the agent that runs; the project’s own where none is given',
        prompt: 'what the agent is asked first'
      }),
      execute: async args => {
        const project = text(args, 'project') || model.currentProject?.id;
        if (!project) {
          await commands.execute(CommandIDs.addProject);
          return;
        }
        const body: NewChat = { project, prompt: text(args, 'prompt') };
        if (text(args, 'agent')) {
          body.agent = text(args, 'agent');
        }
        await openWhenThere(model.addChat(body));
      }
    });

    commands.addCommand(CommandIDs.newChatWithOptions, {
      label: 'New Chat with Options…',
      icon: args => (text(args, 'project') ? undefined : settingsIcon),
      describedBy: describe({ project: 'id of the project' }),
      execute: async args => {
        const project = text(args, 'project') || model.currentProject?.id;
        if (!project) {
          await commands.execute(CommandIDs.addProject);
          return;
        }
        const form: Form<ChatValues, Chat> = new Form({
          values: chatValues(project),
          submit: async values => model.keepChat(await model.api.newChat(newChat(values))),
          render: form => (
            <ChatForm
              values={form.values}
              errors={form.errors}
              projects={model.projects}
              status={model.status}
              onChange={form.change}
            />
          )
        });
        const chat = await showForm({
          title: 'New chat',
          accept: 'Start chat',
          focus: '[data-field="prompt"]',
          form
        });
        if (chat) {
          await commands.execute(CommandIDs.openChat, { chat: chat.id });
        }
      }
    });

    commands.addCommand(CommandIDs.retryChat, {
      label: 'Try Again',
      describedBy: CHAT,
      execute: args => openWhenThere(model.retryChat(text(args, 'chat')))
    });

    commands.addCommand(CommandIDs.dismissChat, {
      label: 'Remove from the List',
      describedBy: CHAT,
      execute: args => model.dismissChat(text(args, 'chat'))
    });

    commands.addCommand(CommandIDs.stopChat, {
      label: 'Stop…',
      describedBy: CHAT,
      isEnabled: args => {
        const status = settled(text(args, 'chat'))?.status;
        return (
          status !== undefined && !['exited', 'failed', 'stopping', 'deleting'].includes(status)
        );
      },
      execute: async args => {
        const chat = settled(text(args, 'chat'));
        if (!chat) {
          return;
        }
        const { button } = await showDialog({
          title: `Stop ${chat.name}?`,
          body: 'The agent is interrupted. Its workspace and its conversation stay, and it can be resumed.',
          buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Stop' })]
        });
        if (button.accept) {
          await model.stopChat(chat.id).catch(refused(`Could not stop ${chat.name}`));
        }
      }
    });

    commands.addCommand(CommandIDs.resumeChat, {
      label: args =>
        model.chat(text(args, 'chat'))?.status === 'failed' ? 'Start Again' : 'Resume',
      describedBy: CHAT,
      isEnabled: args => ['exited', 'failed'].includes(settled(text(args, 'chat'))?.status ?? ''),
      execute: async args => {
        const chat = settled(text(args, 'chat'));
        if (!chat) {
          return;
        }
        try {
          await model.startChat(chat.id);
          await commands.execute(CommandIDs.openChat, { chat: chat.id });
        } catch (reason) {
          refused(`Could not resume ${chat.name}`)(reason);
        }
      }
    });

    commands.addCommand(CommandIDs.renameChat, {
      label: 'Rename…',
      describedBy: CHAT,
      execute: async args => {
        const chat = settled(text(args, 'chat'));
        if (!chat) {
          return;
        }
        const { button, value } = await InputDialog.getText({
          title: 'Rename chat',
          label: 'Name',
          text: chat.name,
          okLabel: 'Rename'
        });
        if (button.accept && value && value.trim() !== '') {
          await model.renameChat(chat.id, value).catch(refused(`Could not rename ${chat.name}`));
        }
      }
    });

    commands.addCommand(CommandIDs.deleteChat, {
      label: 'Delete Chat…',
      describedBy: CHAT,
      execute: async args => {
        const chat = settled(text(args, 'chat'));
        if (chat) {
          await remove(model, chat);
        }
      }
    });

    watchFailures(model, id => void commands.execute(CommandIDs.openChat, { chat: id }));
  }
};

/** Delete a chat, once the person knows what is lost with it. */
async function remove(model: IAgentHub['model'], chat: Chat): Promise<void> {
  const artifacts = model.artifactsOf(chat.id).length;
  const kept =
    artifacts > 0
      ? ` The ${count(artifacts, 'file')} it published stay in the file browser; the hub no longer lists them.`
      : '';
  const { button } = await showDialog({
    title: `Delete ${chat.name}?`,
    body: `Its container, its workspace and its conversation are deleted.${kept}`,
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Delete' })]
  });
  if (!button.accept) {
    return;
  }
  try {
    await model.deleteChat(chat.id);
  } catch (reason) {
    const error = HubError.from(reason);
    if (error.code !== 'unsaved_work') {
      refused(`Could not delete ${chat.name}`)(reason);
      return;
    }
    const { button } = await showDialog({
      title: 'This work is nowhere else',
      body: <Unsaved error={error} workspace={chat.workspace} />,
      buttons: [
        Dialog.cancelButton({ label: 'Keep' }),
        Dialog.warnButton({ label: 'Delete anyway' })
      ],
      defaultButton: 0
    });
    if (button.accept) {
      await model.deleteChat(chat.id, true).catch(refused(`Could not delete ${chat.name}`));
    }
  }
}

/** What would be lost with a chat. */
function Unsaved(props: { error: HubError; workspace: string }): JSX.Element {
  const { error } = props;
  return (
    <div className="jp-AgentHub">
      <p>{error.message}</p>
      <p>Commit and push it from the chat, or copy it out of the workspace:</p>
      <pre>{props.workspace}</pre>
    </div>
  );
}

/** Tell when a chat that was seen starting fails. */
function watchFailures(model: IAgentHub['model'], open: (chat: string) => void): void {
  const starting = new Set<string>();
  model.changed.connect(() => {
    for (const { id, name, status, error } of model.chats) {
      if (model.isPending(id)) {
        continue;
      }
      if (status === 'starting' || status === 'queued') {
        starting.add(id);
      } else if (starting.delete(id) && status === 'failed' && !isSeen(id)) {
        Notification.error(
          `${name} could not start. ${error?.message ?? ''} ${error?.hint ?? ''}`,
          {
            autoClose: false,
            actions: [{ label: 'Open', callback: () => open(id) }]
          }
        );
      }
    }
  });
}

/** Whether the tab of a chat, which says the same, is in view. */
function isSeen(chat: string): boolean {
  return document.getElementById(`agent-hub-chat-${chat}`)?.checkVisibility() ?? false;
}
