import React from 'react';
import { editIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Chat, Project, Status } from '../api';
import { hasEnded } from '../activity';
import { openaiState } from '../connectionstate';
import { chatReason, isBuilding, turnReason } from '../format';
import { connectionsIcon, hubIcon } from '../icons';
import type { HubModel } from '../model';
import { isUnknown } from '../outage';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { BarButton } from './BarButton';

interface IChatProblemProps {
  chat: Chat;
  model: HubModel;
  commands: CommandRegistry;
}

/** Why a chat waits, ended, or could not go on, and the way to where that is mended. */
export function ChatProblem(props: IChatProblemProps): JSX.Element | null {
  const { chat, model, commands } = props;
  const { outage } = model;
  if (isUnknown(chat, outage)) {
    return null;
  }
  const told = [chatReason(chat, outage), chat.error?.hint].filter(Boolean).join(' ');
  const isMute = told === '' && model.status !== null && saysNothing(chat, model.status);
  const reason = isMute
    ? trans.__('%1 cannot answer: OpenAI is not connected.', model.agentTitle(chat.agent))
    : told;
  const project = model.project(chat.project);
  const run = (command: string, args: Record<string, string>) => ({
    onClick: () => void commands.execute(command, args),
    isEnabled: commands.isEnabled(command, args),
    blocked: outage?.reason
  });
  const buttons = [
    project && leadsToBuild(chat, project) && (
      <BarButton
        key="build"
        icon={hubIcon}
        label={trans.__('Open build')}
        {...run(CommandIDs.openBuild, { project: project.id })}
      />
    ),
    model.status && (isMute || leadsToConnections(chat, model.status)) && (
      <BarButton
        key="connections"
        icon={connectionsIcon}
        label={trans.__('Open connections')}
        {...run(CommandIDs.openConnections, {})}
      />
    ),
    project && isUsedUp(chat, chat) && (
      <BarButton
        key="budget"
        icon={editIcon}
        label={trans.__('Token budget…')}
        {...run(CommandIDs.limitChat, { chat: chat.id })}
      />
    ),
    project && isUsedUp(chat, project) && (
      <BarButton
        key="project"
        icon={editIcon}
        label={trans.__('Project settings…')}
        {...run(CommandIDs.projectSettings, { project: project.id })}
      />
    )
  ].filter(Boolean);
  if (reason === '' && buttons.length === 0) {
    return null;
  }
  return (
    <div className="jp-AgentHub-line jp-AgentHub-chatProblem">
      <span title={reason}>{reason}</span>
      {buttons}
    </div>
  );
}

/** Whether what keeps the chat from running is told on the page of its project's build. */
function leadsToBuild(chat: Chat, { build }: Project): boolean {
  const isStopped = build?.state === 'failed' || build?.state === 'cancelled';
  return chat.status === 'queued' ? isBuilding(build) : chat.status === 'failed' && isStopped;
}

/** Whether the chat's agent could not go on and a budget, of the chat or of its project, has nothing left. */
function isUsedUp(chat: Chat, of: Pick<Chat | Project, 'tokens' | 'token_budget'>): boolean {
  return turnReason(chat) !== '' && of.token_budget !== null && of.tokens >= of.token_budget;
}

/** Whether what the chat's agent could not go on without is to be mended on the page of connections. */
function leadsToConnections(chat: Chat, { openai }: Pick<Status, 'openai'>): boolean {
  return turnReason(chat) !== '' && !hasOwnKey(chat) && openaiState(openai).mark !== 'ready';
}

/** Whether the chat's agent is up, and cannot answer the first prompt that it will get. */
function saysNothing(chat: Chat, { openai, agents }: Pick<Status, 'openai' | 'agents'>): boolean {
  const agent = agents.find(({ name }) => name === chat.agent);
  return (
    agent?.asks_openai === true &&
    !hasEnded(chat) &&
    !openai.connected &&
    openai.kind !== 'chatgpt' &&
    !hasOwnKey(chat)
  );
}

function hasOwnKey(chat: Chat): boolean {
  return chat.env.some(({ name }) => name === 'OPENAI_API_KEY');
}
