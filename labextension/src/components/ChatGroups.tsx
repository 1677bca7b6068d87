import React, { useEffect, useState } from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Chat, Project } from '../api';
import type { ChatNews } from '../chatnews';
import { age } from '../format';
import type { HubModel } from '../model';
import { Selection } from '../selection';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { CHAT_HEIGHT, ChatRow } from './ChatRow';
import { SelectionBar } from './SelectionBar';
import { Tree, TreeItem, type ITreePlace, type ITreeRow } from './Tree';
import { useSignal } from './hooks';

/** The height of a group's name in pixels. */
const GROUP_HEIGHT = 26;

interface IChatGroupsProps {
  chats: readonly Chat[];
  query: string;
  now: number;
  /** The chat whose tab is the current one. */
  shown: string | null;
  model: HubModel;
  news: ChatNews;
  commands: CommandRegistry;
}

/** The chats, under the names of their projects. */
export function ChatGroups(props: IChatGroupsProps): JSX.Element {
  const { chats, query, now, model, commands } = props;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [selection] = useState(() => new Selection());
  useSignal(selection.changed);
  const fold = (project: string, close: boolean) => {
    const next = new Set(closed);
    if (close) {
      next.add(project);
    } else {
      next.delete(project);
    }
    setClosed(next);
  };

  const byProject = new Map<string, Chat[]>();
  for (const chat of chats) {
    const group = byProject.get(chat.project);
    if (group) {
      group.push(chat);
    } else {
      byProject.set(chat.project, [chat]);
    }
  }
  const groups = model.projects.filter(project => byProject.has(project.id));
  const { outage } = model;
  const rows: ITreeRow[] = [];
  groups.forEach((project, index) => {
    const isOpen = !closed.has(project.id);
    const members = byProject.get(project.id)!;
    rows.push({
      key: `group:${project.id}`,
      height: GROUP_HEIGHT,
      draw: place => (
        <GroupRow
          project={project}
          size={members.length}
          isOpen={isOpen}
          place={place}
          position={index + 1}
          count={groups.length}
          onFold={close => fold(project.id, close)}
          commands={commands}
        />
      )
    });
    const inside = isOpen ? members : [];
    inside.forEach((chat, position) => {
      rows.push({
        key: chat.id,
        height: CHAT_HEIGHT,
        draw: place => (
          <ChatRow
            chat={chat}
            agent={model.agentTitle(chat.agent)}
            artifacts={model.artifactsOf(chat.id)}
            age={age(chat.ended_at ?? chat.started_at ?? chat.created_at, now)}
            query={query}
            outage={outage}
            isShown={chat.id === props.shown}
            isSelected={selection.has(chat.id)}
            selection={selection}
            isUnread={props.news.isUnread(chat.id)}
            place={place}
            position={position + 1}
            count={members.length}
            model={model}
            commands={commands}
          />
        )
      });
    });
  });
  const listed = rows.map(row => row.key).filter(key => model.chat(key) && !model.isPending(key));
  useEffect(() => selection.list(listed));
  return (
    <>
      {selection.size > 1 && <SelectionBar selection={selection} commands={commands} />}
      <Tree label={trans.__('Chats')} rows={rows} reveal={props.shown} selection={selection} />
    </>
  );
}

interface IGroupRowProps {
  project: Project;
  /** How many chats it has. */
  size: number;
  isOpen: boolean;
  place: ITreePlace;
  position: number;
  count: number;
  onFold: (close: boolean) => void;
  commands: CommandRegistry;
}

/** The name of a project above its chats. */
function GroupRow(props: IGroupRowProps): JSX.Element {
  const { project, isOpen, onFold, commands } = props;
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <TreeItem
      id={`group:${project.id}`}
      className="jp-AgentHub-group"
      label={project.name}
      place={props.place}
      position={props.position}
      count={props.count}
      expanded={isOpen}
      keys={{
        ArrowLeft: () => onFold(true),
        ArrowRight: () => onFold(false),
        '/': () => void commands.execute(CommandIDs.filter)
      }}
      onOpen={() => onFold(isOpen)}
    >
      <Caret.react tag="span" className="jp-AgentHub-caret" />
      <span className="jp-AgentHub-name">{project.name}</span>
      <span>{props.size}</span>
    </TreeItem>
  );
}
