import React from 'react';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { InputDialog } from '@jupyterlab/apputils';
import { settingsIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { Chat, NewChat } from '../api';
import { describe, text } from '../args';
import { ChatForm } from '../components/ChatForm';
import { confirmed } from '../confirmed';
import { showForm } from '../formdialog';
import { parseTokens, TOKENS_PATTERN } from '../format';
import { chatValues, newChat, type ChatValues } from '../forms';
import { Form } from '../formwidget';
import { iconOfAgent } from '../icons';
import { refused } from '../notices';
import { RequestKey } from '../requestkey';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

const CHAT = describe({ chat: 'id of the chat' });

/** A chat's life: new, stopped, resumed, renamed. */
export const chats: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:chats`,
  description: 'Starts, stops and renames chats.',
  autoStart: true,
  requires: [IAgentHub],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub) => {
    const { commands } = app;
    const settled = (id: string): Chat | undefined =>
      model.isPending(id) ? undefined : model.chat(id);
    const isUp = () => model.outage === null;
    const isHubUp = () => model.outage?.kind !== 'hub';
    /** Does something with the chat that is meant, where it is there and nothing is about to become of it. */
    const withChat =
      (act: (chat: Chat) => Promise<void>) =>
      async (args: ReadonlyPartialJSONObject): Promise<void> => {
        const chat = settled(text(args, 'chat'));
        if (chat) {
          await act(chat);
        }
      };
    const openWhenThere = async (request: Promise<Chat | null>) => {
      const chat = await request;
      if (chat) {
        await commands.execute(CommandIDs.openChat, { chat: chat.id });
      }
    };

    commands.addCommand(CommandIDs.currentProject, {
      label: () =>
        model.currentProject
          ? trans.__('In %1', model.currentProject.name)
          : trans.__('In no project'),
      describedBy: describe({}),
      isEnabled: () => false,
      execute: () => undefined
    });

    commands.addCommand(CommandIDs.outage, {
      label: () => model.outage?.reason ?? '',
      describedBy: describe({}),
      isEnabled: () => false,
      isVisible: () => model.outage !== null,
      execute: () => undefined
    });

    commands.addCommand(CommandIDs.newChat, {
      label: args => {
        const agent = text(args, 'agent');
        if (args.isLauncher) {
          return trans._p('agent', '%1 chat', model.agentTitle(agent));
        }
        const words = agent
          ? trans.__('New %1 Chat', model.agentTitle(agent))
          : trans.__('New Chat');
        return text(args, 'label') || words;
      },
      caption: args => (args.isDefault ? trans.__('The project’s default agent') : ''),
      icon: args => (text(args, 'agent') ? iconOfAgent(text(args, 'agent')) : undefined),
      describedBy: describe({
        project: 'id of the project; the one in front, or last used, where none is given',
        agent: 'the agent that runs; the project’s own where none is given',
        prompt: 'what the agent is asked first'
      }),
      isEnabled: isUp,
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
      label: trans.__('New Chat with Options…'),
      icon: args => (text(args, 'project') ? undefined : settingsIcon),
      describedBy: describe({ project: 'id of the project' }),
      isEnabled: isUp,
      execute: async args => {
        const project = text(args, 'project') || model.currentProject?.id;
        if (!project) {
          await commands.execute(CommandIDs.addProject);
          return;
        }
        const key = new RequestKey();
        const form: Form<ChatValues, Chat> = new Form({
          values: chatValues(project),
          submit: async values => {
            const body = newChat(values);
            return model.keepChat(await key.use(body, id => model.api.newChat(body, id)));
          },
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
          title: trans.__('New chat'),
          accept: trans.__('Start chat'),
          focus: '[data-field="prompt"]',
          form
        });
        if (chat) {
          await commands.execute(CommandIDs.openChat, { chat: chat.id });
        }
      }
    });

    commands.addCommand(CommandIDs.retryChat, {
      label: trans.__('Try Again'),
      describedBy: CHAT,
      isEnabled: args => isUp() && model.chat(text(args, 'chat'))?.status === 'failed',
      execute: args => openWhenThere(model.retryChat(text(args, 'chat')))
    });

    commands.addCommand(CommandIDs.dismissChat, {
      label: trans.__('Remove from the List'),
      describedBy: CHAT,
      execute: args => model.dismissChat(text(args, 'chat'))
    });

    commands.addCommand(CommandIDs.stopChat, {
      label: args =>
        model.chat(text(args, 'chat'))?.status === 'queued'
          ? trans.__('Cancel Start')
          : trans.__('Stop…'),
      describedBy: CHAT,
      isEnabled: args => {
        const status = settled(text(args, 'chat'))?.status;
        const isOver = ['exited', 'failed', 'stopping', 'deleting'].includes(status ?? 'exited');
        return isUp() && !isOver;
      },
      execute: withChat(async chat => {
        if (chat.status === 'queued') {
          await model
            .stopChat(chat.id)
            .catch(refused(trans.__('Could not cancel the start of “%1”', chat.name)));
          return;
        }
        const isSure = await confirmed({
          title: trans.__('Stop “%1”?', chat.name),
          body: trans.__(
            'The agent is interrupted. Its workspace and its conversation stay, and it can be resumed.'
          ),
          accept: trans.__('Stop')
        });
        if (isSure) {
          await model.stopChat(chat.id).catch(refused(trans.__('Could not stop “%1”', chat.name)));
        }
      })
    });

    commands.addCommand(CommandIDs.resumeChat, {
      label: args =>
        model.chat(text(args, 'chat'))?.status === 'failed'
          ? trans.__('Start Again')
          : trans.__('Resume'),
      describedBy: CHAT,
      isEnabled: args =>
        isUp() && ['exited', 'failed'].includes(settled(text(args, 'chat'))?.status ?? ''),
      execute: withChat(async chat => {
        try {
          await model.startChat(chat.id);
          await commands.execute(CommandIDs.openChat, { chat: chat.id });
        } catch (reason) {
          refused(trans.__('Could not resume “%1”', chat.name))(reason);
        }
      })
    });

    commands.addCommand(CommandIDs.renameChat, {
      label: trans.__('Rename…'),
      describedBy: CHAT,
      isEnabled: isHubUp,
      execute: withChat(async chat => {
        const { button, value } = await InputDialog.getText({
          title: trans.__('Rename chat'),
          label: trans.__('Name'),
          text: chat.name,
          okLabel: trans.__('Rename')
        });
        if (button.accept && value && value.trim() !== '') {
          await model
            .renameChat(chat.id, value)
            .catch(refused(trans.__('Could not rename “%1”', chat.name)));
        }
      })
    });

    commands.addCommand(CommandIDs.limitChat, {
      label: trans.__('Token Budget…'),
      describedBy: CHAT,
      isEnabled: isHubUp,
      execute: withChat(async chat => {
        const { button, value } = await InputDialog.getText({
          title: trans.__('Token budget of “%1”', chat.name),
          label: trans.__(
            'Most tokens of a model that it may take, such as 500k; empty: as many as it likes. It has taken %1.',
            chat.tokens.toLocaleString()
          ),
          text: chat.token_budget === null ? '' : String(chat.token_budget),
          pattern: TOKENS_PATTERN,
          required: false,
          okLabel: trans.__('Set budget')
        });
        if (button.accept) {
          const budget = parseTokens(value ?? '');
          await model
            .limitChat(chat.id, budget)
            .catch(refused(trans.__('Could not change the token budget of “%1”', chat.name)));
        }
      })
    });
  }
};
