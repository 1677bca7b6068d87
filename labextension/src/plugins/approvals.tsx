import React from 'react';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, showDialog } from '@jupyterlab/apputils';

import type { Decision, Turn } from '../api';
import { describe, text } from '../args';
import { place, Sentence } from '../components/Sentence';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';
import { changeWords } from '../turns';
import { visible } from '../visible';

type Approval = NonNullable<Turn['approvals']>[number];

type FileChange = Extract<Turn['items'][number], { type: 'files' }>['changes'][number];

/** What an agent asks before it goes on. */
export const approvals: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:approvals`,
  description: 'Answers what an agent asks before it goes on.',
  autoStart: true,
  requires: [IAgentHub],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub) => {
    app.commands.addCommand(CommandIDs.answerChat, {
      label: trans.__('Answer…'),
      describedBy: describe({ chat: 'id of the chat' }),
      isEnabled: args =>
        model.outage === null && model.chat(text(args, 'chat'))?.turn?.status === 'waiting',
      execute: async args => {
        const chat = model.chat(text(args, 'chat'));
        if (!chat?.turn) {
          return;
        }
        try {
          const turn = await model.api.turn(chat.id, chat.turn.number);
          for (const approval of turn.approvals) {
            const item = turn.items.find(({ id }) => id === approval.item);
            const files = item?.type === 'files' ? item.changes : [];
            const decision = await ask(chat.name, model.agentTitle(chat.agent), approval, files);
            if (decision === null) {
              return;
            }
            await model.api.answer(chat.id, approval.id, decision);
          }
        } catch (reason) {
          refused(trans.__('Could not answer “%1”', chat.name))(reason);
        }
      }
    });
  }
};

/** Ask a person; `null` where they leave it open. */
async function ask(
  chat: string,
  agent: string,
  approval: Approval,
  files: FileChange[]
): Promise<Decision | null> {
  const { button } = await showDialog({
    title:
      approval.kind === 'files'
        ? trans.__('Let %1 change these files?', agent)
        : trans.__('Let %1 run this command?', agent),
    body: (
      <div className="jp-AgentHub-approval">
        <p>{chat}</p>
        {approval.command && <pre>{visible(approval.command)}</pre>}
        {files.length > 0 && (
          <pre>{files.map(change => visible(changeWords(change), '')).join('\n')}</pre>
        )}
        {approval.directory && (
          <p>
            <Sentence words={trans.__('in %1', place(1))}>
              <code>{visible(approval.directory)}</code>
            </Sentence>
          </p>
        )}
        {approval.kind === 'files' && approval.reason && <p>{visible(approval.reason)}</p>}
      </div>
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Later') }),
      Dialog.warnButton({ label: trans.__('Deny'), accept: true, actions: ['decline'] }),
      Dialog.createButton({
        label: trans.__('Allow in this chat'),
        accept: true,
        actions: ['accept_for_session']
      }),
      Dialog.okButton({ label: trans.__('Allow once'), accept: true, actions: ['accept'] })
    ]
  });
  return button.accept ? (button.actions[0] as Decision) : null;
}
