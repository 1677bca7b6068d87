import React from 'react';
import { checkIcon, refreshIcon, runIcon, stopIcon, terminalIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { activityOf, hasEnded } from '../activity';
import type { Artifact, Chat } from '../api';
import { chatReason, chatWords, turnReason } from '../format';
import { artifactIcon, iconOfAgent } from '../icons';
import { chatMenu, chatsMenu, openMenu } from '../menus';
import type { HubModel } from '../model';
import { isUnknown, type IOutage } from '../outage';
import type { Selection } from '../selection';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { Highlight } from './Highlight';
import { RowActions, type IRowAction } from './RowActions';
import { chatMark, StatusMark } from './StatusMark';
import { TreeItem, type ITreePlace } from './Tree';

/** The height of a row in pixels. */
export const CHAT_HEIGHT = 44;

interface IChatRowProps {
  chat: Chat;
  /** What its agent is called. */
  agent: string;
  artifacts: readonly Artifact[];
  /** How long ago it started or ended, in words. */
  age: string;
  query: string;
  outage: IOutage | null;
  /** Whether its tab is the current one. */
  isShown: boolean;
  /** Whether it is chosen, perhaps with others. */
  isSelected: boolean;
  selection: Selection;
  /** Whether the person has not seen what became of it. */
  isUnread: boolean;
  place: ITreePlace;
  position: number;
  count: number;
  model: HubModel;
  commands: CommandRegistry;
}

/** Two lines: the name and its time, the state and what else there is to know. Drawn again only where these change. */
export const ChatRow = React.memo((props: IChatRowProps): JSX.Element => {
  const { chat, artifacts, outage, model, commands, selection } = props;
  const run = (command: string) => () => void commands.execute(command, { chat: chat.id });
  const refused = model.isPending(chat.id) && chat.status === 'failed';
  const words = chatWords(chat, outage);
  const mark = chatMark(chat, isUnknown(chat, outage));
  const facts = factsOf(props);
  const classes = ['jp-AgentHub-row', 'jp-AgentHub-chat'];
  if (activityOf(chat) === 'waiting' && !outage) {
    classes.push('jp-mod-waiting');
  }
  if (props.isUnread) {
    classes.push('jp-mod-unread');
  }
  const label = [chat.name, words, ...facts, ...(props.isUnread ? [trans.__('not seen')] : [])];
  const Icon = iconOfAgent(chat.agent);
  const onMenu = (x: number, y: number) => {
    if (selection.isAmongMany(chat.id)) {
      openMenu(chatsMenu(commands, model, selection.keys), x, y);
    } else {
      selection.clear();
      openMenu(chatMenu(commands, model, chat), x, y);
    }
  };
  const onDelete = () => {
    if (refused) {
      run(CommandIDs.dismissChat)();
      return;
    }
    const many = selection.isAmongMany(chat.id);
    const args = many ? { chats: [...selection.keys] } : { chat: chat.id };
    // What runs is stopped first: only what has ended is deleted by a key.
    const ways = many
      ? [CommandIDs.stopChats, CommandIDs.deleteChats]
      : [CommandIDs.stopChat, CommandIDs.deleteChat];
    const way = ways.find(command => commands.isEnabled(command, args));
    if (way !== undefined) {
      void commands.execute(way, args);
    }
  };

  return (
    <TreeItem
      id={chat.id}
      level={2}
      className={classes.join(' ')}
      label={label.join(', ')}
      isShown={props.isShown}
      isSelected={props.isSelected}
      place={props.place}
      position={props.position}
      count={props.count}
      keys={{
        t: run(CommandIDs.openChat),
        Delete: onDelete,
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
          {props.isUnread && <span className="jp-AgentHub-unread" aria-hidden="true" />}
          <span className="jp-AgentHub-time">{props.age}</span>
          <RowActions actions={actionsOf(props, refused, run)} onMenu={onMenu} />
        </div>
        <div className="jp-AgentHub-line jp-AgentHub-second">
          <StatusMark mark={mark} />
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
              {trans.__('Try again')}
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
});
ChatRow.displayName = 'ChatRow';

/** What there is to know beside the state; why it waits or ended comes first. */
function factsOf({ chat, agent, outage }: IChatRowProps): string[] {
  const facts = [agent];
  if (chat.resources.gpus) {
    facts.push(trans._n('%1 GPU', '%1 GPUs', chat.resources.gpus));
  }
  const reason = chatReason(chat, outage);
  if (reason !== '') {
    const isFirst = ['queued', 'exited', 'failed'].includes(chat.status) || turnReason(chat) !== '';
    facts[isFirst ? 'unshift' : 'push'](reason);
  }
  return facts;
}

function actionsOf(
  { chat, outage, model }: IChatRowProps,
  refused: boolean,
  run: (command: string) => () => void
): IRowAction[] {
  if (refused) {
    const label = trans.__('Try again');
    return [{ icon: refreshIcon, label, onClick: run(CommandIDs.retryChat) }];
  }
  if (model.isPending(chat.id)) {
    return [];
  }
  const blocked = outage?.reason;
  const actions: IRowAction[] = [];
  if (chat.turn?.status === 'waiting') {
    actions.push({
      icon: checkIcon,
      label: trans._p('verb', 'Answer'),
      onClick: run(CommandIDs.answerChat),
      blocked
    });
  }
  actions.push({
    icon: terminalIcon,
    label: trans.__('Open terminal'),
    onClick: run(CommandIDs.openChat),
    blocked: outage?.kind === 'hub' ? blocked : undefined
  });
  if (hasEnded(chat)) {
    const label = chat.status === 'failed' ? trans.__('Start again') : trans.__('Resume');
    actions.push({ icon: runIcon, label, onClick: run(CommandIDs.resumeChat), blocked });
  } else {
    const label = chat.status === 'queued' ? trans.__('Cancel start') : trans.__('Stop');
    actions.push({ icon: stopIcon, label, onClick: run(CommandIDs.stopChat), blocked });
  }
  return actions;
}
