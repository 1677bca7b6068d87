import React, { useState } from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Chat } from '../api';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { ChatRow } from './ChatRow';
import { Tree, TreeItem } from './Tree';

interface IChatGroupsProps {
  chats: Chat[];
  query: string;
  now: number;
  model: HubModel;
  commands: CommandRegistry;
}

/** The chats, under the names of their projects. */
export function ChatGroups(props: IChatGroupsProps): JSX.Element {
  const { chats, model, commands } = props;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const fold = (project: string, close: boolean) => {
    const next = new Set(closed);
    if (close) {
      next.add(project);
    } else {
      next.delete(project);
    }
    setClosed(next);
  };
  const groups = model.projects
    .map(project => ({ project, rows: chats.filter(chat => chat.project === project.id) }))
    .filter(group => group.rows.length > 0);

  return (
    <Tree label="Chats">
      {groups.map(({ project, rows }) => {
        const isOpen = !closed.has(project.id);
        const Caret = isOpen ? caretDownIcon : caretRightIcon;
        return (
          <React.Fragment key={project.id}>
            <TreeItem
              id={`group:${project.id}`}
              className="jp-AgentHub-group"
              label={project.name}
              expanded={isOpen}
              keys={{
                ArrowLeft: () => fold(project.id, true),
                ArrowRight: () => fold(project.id, false),
                '/': () => void commands.execute(CommandIDs.filter)
              }}
              onOpen={() => fold(project.id, isOpen)}
            >
              <Caret.react tag="span" className="jp-AgentHub-caret" />
              <span className="jp-AgentHub-name">{project.name}</span>
              <span>{rows.length}</span>
            </TreeItem>
            {isOpen &&
              rows.map(chat => (
                <ChatRow
                  key={chat.id}
                  chat={chat}
                  query={props.query}
                  now={props.now}
                  model={model}
                  commands={commands}
                />
              ))}
          </React.Fragment>
        );
      })}
    </Tree>
  );
}
