import React from 'react';
import { ellipsesIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { chatWords, count } from '../format';
import { artifactIcon } from '../icons';
import { chatMenu, openMenu } from '../menus';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { IconButton } from './IconButton';
import { CHAT_MARKS, StatusMark } from './StatusMark';
import { useSignal } from './hooks';

interface IChatBarProps {
  chat: string;
  model: HubModel;
  commands: CommandRegistry;
}

/** A chat's state and what can be done with it, above its terminal. */
export function ChatBar(props: IChatBarProps): JSX.Element {
  const { model, commands } = props;
  useSignal(model.changed);
  const chat = model.chat(props.chat);
  if (!chat) {
    return <></>;
  }
  const args = { chat: chat.id };
  const ended = chat.status === 'exited' || chat.status === 'failed';
  const reason = chat.error
    ? `${chat.error.message} ${chat.error.hint}`.trim()
    : chat.status === 'queued'
      ? ''
      : chat.reason;
  const project = model.project(chat.project);
  const artifacts = model.artifactsOf(chat.id).length;
  return (
    <div className="jp-AgentHub-chatBar">
      <StatusMark mark={CHAT_MARKS[chat.status]} />
      <b role="status">{chatWords(chat)}</b>
      <span className="jp-AgentHub-barFacts" title={reason}>
        {[model.agentTitle(chat.agent), project?.name, reason]
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
      {ended ? (
        <button
          type="button"
          className="jp-AgentHub-primary"
          onClick={() => void commands.execute(CommandIDs.resumeChat, args)}
        >
          <runIcon.react tag="span" />
          {chat.status === 'failed' ? 'Start again' : 'Resume'}
        </button>
      ) : (
        <button
          type="button"
          className="jp-AgentHub-plain"
          disabled={!commands.isEnabled(CommandIDs.stopChat, args)}
          onClick={() => void commands.execute(CommandIDs.stopChat, args)}
        >
          <stopIcon.react tag="span" />
          Stop
        </button>
      )}
      <IconButton
        icon={ellipsesIcon}
        label="More"
        onClick={event => openMenu(chatMenu(commands, model, chat), event.clientX, event.clientY)}
      />
    </div>
  );
}
