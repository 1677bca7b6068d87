import React from 'react';
import { editIcon, ellipsesIcon, runIcon, searchIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Chat, Project, Status } from '../api';
import { openaiState } from '../connectionstate';
import { chatReason, chatWords, count, isBuilding, tokenWords, turnReason } from '../format';
import { artifactIcon, connectionsIcon, hubIcon } from '../icons';
import { chatMenu, openMenu } from '../menus';
import type { HubModel } from '../model';
import { isUnknown } from '../outage';
import { CommandIDs } from '../tokens';
import { BarButton } from './BarButton';
import { IconButton } from './IconButton';
import { chatMark, StatusMark } from './StatusMark';
import { useModel } from './hooks';

interface IChatBarProps {
  chat: string;
  model: HubModel;
  commands: CommandRegistry;
  onSearch: () => void;
}

/** A chat's state and what can be done with it, above its terminal. */
export function ChatBar(props: IChatBarProps): JSX.Element {
  const { model, commands } = props;
  useModel(model);
  const chat = model.chat(props.chat);
  if (!chat) {
    return <></>;
  }
  const { outage } = model;
  const run = (command: string, args: Record<string, string> = { chat: chat.id }) => ({
    onClick: () => void commands.execute(command, args),
    isEnabled: commands.isEnabled(command, args),
    blocked: outage?.reason
  });
  const unknown = isUnknown(chat, outage);
  const reason = [chatReason(chat, outage), unknown ? '' : chat.error?.hint]
    .filter(Boolean)
    .join(' ');
  const project = model.project(chat.project);
  const artifacts = model.artifactsOf(chat.id).length;
  const ended = chat.status === 'exited' || chat.status === 'failed';
  const facts = [reason, model.agentTitle(chat.agent), project?.name, tokenWords(chat)];
  return (
    <div className="jp-AgentHub-chatBar">
      <StatusMark mark={chatMark(chat, unknown)} />
      <b>{chatWords(chat, outage)}</b>
      <span className="jp-AgentHub-barFacts" title={reason}>
        {facts
          .filter(Boolean)
          .map(fact => ` · ${fact}`)
          .join('')}
      </span>
      <span className="jp-AgentHub-spacer" />
      {model.status?.engine.isolated === false && (
        <span className="jp-AgentHub-badge" title="This agent runs as a plain process.">
          Not isolated
        </span>
      )}
      {artifacts > 0 && (
        <span className="jp-AgentHub-count" title={count(artifacts, 'artifact')}>
          <artifactIcon.react tag="span" />
          {artifacts}
        </span>
      )}
      {project && leadsToBuild(chat, project) && (
        <BarButton
          icon={hubIcon}
          label="Open build"
          {...run(CommandIDs.openBuild, { project: project.id })}
        />
      )}
      {model.status && leadsToConnections(chat, model.status) && (
        <BarButton
          icon={connectionsIcon}
          label="Open connections"
          {...run(CommandIDs.openConnections, {})}
        />
      )}
      {project && isUsedUp(chat, chat) && (
        <BarButton icon={editIcon} label="Token budget…" {...run(CommandIDs.limitChat)} />
      )}
      {project && isUsedUp(chat, project) && (
        <BarButton
          icon={editIcon}
          label="Project settings…"
          {...run(CommandIDs.projectSettings, { project: project.id })}
        />
      )}
      {ended ? (
        <BarButton
          icon={runIcon}
          label={chat.status === 'failed' ? 'Start again' : 'Resume'}
          isPrimary
          {...run(CommandIDs.resumeChat)}
        />
      ) : (
        <BarButton
          icon={stopIcon}
          label={chat.status === 'queued' ? 'Cancel start' : 'Stop'}
          {...run(CommandIDs.stopChat)}
        />
      )}
      <IconButton
        icon={searchIcon}
        label="Search the terminal (Ctrl+Alt+F)"
        onClick={props.onSearch}
      />
      <IconButton
        icon={ellipsesIcon}
        label="More"
        onClick={event => openMenu(chatMenu(commands, model, chat), event.clientX, event.clientY)}
      />
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
  const hasOwnKey = chat.env.some(({ name }) => name === 'OPENAI_API_KEY');
  return turnReason(chat) !== '' && !hasOwnKey && openaiState(openai).mark !== 'ready';
}
