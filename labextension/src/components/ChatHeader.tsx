import React from 'react';
import { editIcon, ellipsesIcon, runIcon, searchIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Chat } from '../api';
import { hasEnded } from '../activity';
import { age, chatWords, tokenWords } from '../format';
import { branchIcon, hubIcon, iconOfAgent } from '../icons';
import { chatMenu, openMenu } from '../menus';
import type { HubModel } from '../model';
import { isUnknown } from '../outage';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { BarButton } from './BarButton';
import { ChatProblem } from './ChatProblem';
import { Chip } from './Chip';
import { IconButton } from './IconButton';
import { chatMark } from './StatusMark';
import { useModel, useNow } from './hooks';

interface IChatHeaderProps {
  chat: string;
  model: HubModel;
  commands: CommandRegistry;
  onSearch: () => void;
}

/** Which chat it is, how it is, and what can be done with it. */
export function ChatHeader(props: IChatHeaderProps): JSX.Element {
  const { model, commands } = props;
  useModel(model);
  const chat = model.chat(props.chat);
  if (!chat) {
    return <></>;
  }
  const { outage } = model;
  const run = (command: string) => ({
    onClick: () => void commands.execute(command, { chat: chat.id }),
    isEnabled: commands.isEnabled(command, { chat: chat.id }),
    blocked: outage?.reason
  });
  const Icon = iconOfAgent(chat.agent);
  const ended = hasEnded(chat);
  return (
    <div className="jp-AgentHub-chatHeader">
      <div className="jp-AgentHub-line">
        <Icon.react tag="span" className="jp-AgentHub-titleIcon" />
        <h2 title={chat.name}>{chat.name}</h2>
        <IconButton
          icon={editIcon}
          label={trans.__('Rename')}
          blocked={outage?.kind === 'hub' ? outage.reason : undefined}
          onClick={() => void commands.execute(CommandIDs.renameChat, { chat: chat.id })}
        />
        <span className="jp-AgentHub-spacer" />
        {model.status?.engine.isolated === false && (
          <span
            className="jp-AgentHub-badge"
            title={trans.__('This agent runs as a plain process.')}
          >
            {trans.__('Not isolated')}
          </span>
        )}
        <Chip mark={chatMark(chat, isUnknown(chat, outage))} word={chatWords(chat, outage)} />
        {ended ? (
          <BarButton
            icon={runIcon}
            label={chat.status === 'failed' ? trans.__('Start again') : trans.__('Resume')}
            isPrimary
            {...run(CommandIDs.resumeChat)}
          />
        ) : (
          <BarButton
            icon={stopIcon}
            label={chat.status === 'queued' ? trans.__('Cancel start') : trans.__('Stop')}
            {...run(CommandIDs.stopChat)}
          />
        )}
        <IconButton
          icon={searchIcon}
          label={trans.__('Search the terminal (Ctrl+Alt+F)')}
          onClick={props.onSearch}
        />
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('More')}
          onClick={event => openMenu(chatMenu(commands, model, chat), event.clientX, event.clientY)}
        />
      </div>
      <ChatFacts chat={chat} model={model} commands={commands} />
      <ChatProblem chat={chat} model={model} commands={commands} />
    </div>
  );
}

interface IChatFactsProps {
  chat: Chat;
  model: HubModel;
  commands: CommandRegistry;
}

function ChatFacts(props: IChatFactsProps): JSX.Element {
  const { chat, model, commands } = props;
  const project = model.project(chat.project);
  const gpus = chat.resources.gpus ?? 0;
  useNow(30_000);
  return (
    <div className="jp-AgentHub-line jp-AgentHub-chatFacts">
      {project && (
        <button
          type="button"
          className="jp-AgentHub-link"
          title={trans.__('Open the project’s build')}
          onClick={() => void commands.execute(CommandIDs.openBuild, { project: project.id })}
        >
          <hubIcon.react tag="span" className="jp-AgentHub-factIcon" />
          {project.name}
        </button>
      )}
      {project?.branch && (
        <span title={trans.__('The branch that it started from')}>
          <branchIcon.react tag="span" className="jp-AgentHub-factIcon" />
          <code>{project.branch}</code>
        </span>
      )}
      <span>
        {model.agentTitle(chat.agent)} <b>{chat.model}</b>
      </span>
      {tokenWords(chat) && <span>{tokenWords(chat)}</span>}
      {gpus > 0 && <span>{trans._n('%1 GPU', '%1 GPUs', gpus)}</span>}
      {chat.started_at && (
        <span title={trans.__('When it was started')}>{age(chat.started_at)}</span>
      )}
    </div>
  );
}
