import React from 'react';
import {
  ellipsesIcon,
  refreshIcon,
  stopIcon,
  terminalIcon,
  runIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Chat } from '../api';
import { age, chatWords } from '../format';
import { artifactIcon, iconOfAgent } from '../icons';
import { chatMenu, openMenu } from '../menus';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { Highlight } from './Highlight';
import { IconButton } from './IconButton';
import { CHAT_MARKS, StatusMark } from './StatusMark';
import { TreeItem } from './Tree';

interface IChatRowProps {
  chat: Chat;
  query: string;
  now: number;
  model: HubModel;
  commands: CommandRegistry;
}

/** Two lines: the name and its time, the state and what else there is to know. */
export function ChatRow(props: IChatRowProps): JSX.Element {
  const { chat, model, commands } = props;
  const args = { chat: chat.id };
  const run = (command: string) => () => void commands.execute(command, args);
  const refused = model.isPending(chat.id) && chat.status === 'failed';
  const ended = chat.status === 'exited' || chat.status === 'failed';
  const words = chatWords(chat);
  const artifacts = model.artifactsOf(chat.id);
  const Icon = iconOfAgent(chat.agent);
  const onMenu = (x: number, y: number) => openMenu(chatMenu(commands, model, chat), x, y);

  const facts = [model.agentTitle(chat.agent)];
  if (chat.resources.gpus) {
    facts.push(chat.resources.gpus === 1 ? '1 GPU' : `${chat.resources.gpus} GPUs`);
  }
  const reason = chat.status === 'queued' ? '' : (chat.error?.message ?? chat.reason);
  if (reason !== '') {
    facts[ended ? 'unshift' : 'push'](reason);
  }

  return (
    <TreeItem
      id={chat.id}
      level={2}
      className="jp-AgentHub-row jp-AgentHub-chat"
      label={`${chat.name}, ${words}, ${facts.join(', ')}`}
      keys={{
        t: run(CommandIDs.openChat),
        Delete: run(refused ? CommandIDs.dismissChat : CommandIDs.stopChat),
        F2: run(CommandIDs.renameChat),
        '/': () => void commands.execute(CommandIDs.filter)
      }}
      onOpen={run(refused ? CommandIDs.retryChat : CommandIDs.openChat)}
      onMenu={onMenu}
    >
      <Icon.react tag="span" className="jp-AgentHub-rowIcon" />
      <div className="jp-AgentHub-rowBody">
        <div className="jp-AgentHub-line">
          <span className="jp-AgentHub-name" title={chat.name}>
            <Highlight text={chat.name} query={props.query} />
          </span>
          <span className="jp-AgentHub-time">
            {age(chat.ended_at ?? chat.started_at ?? chat.created_at, props.now)}
          </span>
          <span className="jp-AgentHub-actions">
            {refused ? (
              <IconButton
                icon={refreshIcon}
                label="Try again"
                tabbable={false}
                onClick={run(CommandIDs.retryChat)}
              />
            ) : (
              <IconButton
                icon={terminalIcon}
                label="Open terminal"
                tabbable={false}
                onClick={run(CommandIDs.openChat)}
              />
            )}
            {ended && !refused && (
              <IconButton
                icon={runIcon}
                label={chat.status === 'failed' ? 'Start again' : 'Resume'}
                tabbable={false}
                onClick={run(CommandIDs.resumeChat)}
              />
            )}
            {!ended && (
              <IconButton
                icon={stopIcon}
                label="Stop"
                tabbable={false}
                onClick={run(CommandIDs.stopChat)}
              />
            )}
            <IconButton
              icon={ellipsesIcon}
              label="More"
              tabbable={false}
              onClick={event => onMenu(event.clientX, event.clientY)}
            />
          </span>
        </div>
        <div className="jp-AgentHub-line jp-AgentHub-second">
          <StatusMark mark={CHAT_MARKS[chat.status]} />
          <span className="jp-AgentHub-facts" title={[words, ...facts].join(' · ')}>
            <span className="jp-AgentHub-word">{words}</span>
            {facts.map(fact => ` · ${fact}`).join('')}
          </span>
          {refused && (
            <button
              type="button"
              className="jp-AgentHub-link"
              tabIndex={-1}
              onClick={event => {
                event.stopPropagation();
                run(CommandIDs.retryChat)();
              }}
            >
              Try again
            </button>
          )}
          {artifacts.length > 0 && (
            <span
              className="jp-AgentHub-count"
              title={artifacts.map(artifact => artifact.name).join('\n')}
            >
              <artifactIcon.react tag="span" />
              {artifacts.length}
            </span>
          )}
        </div>
      </div>
    </TreeItem>
  );
}
