import React from 'react';
import { downloadIcon, undoIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { DeletedChat } from '../api';
import { day } from '../format';
import { iconOfAgent } from '../icons';
import { deletedMenu, openMenu } from '../menus';
import type { IOutage } from '../outage';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { RowActions } from './RowActions';
import { TreeItem, type ITreePlace } from './Tree';

/** The height of a row in pixels. */
export const DELETED_HEIGHT = 44;

interface IDeletedRowProps {
  chat: DeletedChat;
  /** How long ago it was deleted, in words. */
  age: string;
  outage: IOutage | null;
  place: ITreePlace;
  position: number;
  count: number;
  commands: CommandRegistry;
}

/** A deleted chat: what is kept of it, and until when. */
export function DeletedRow(props: IDeletedRowProps): JSX.Element {
  const { chat, commands } = props;
  const run = (command: string) => () => void commands.execute(command, { deleted: chat.id });
  const onMenu = (x: number, y: number) => openMenu(deletedMenu(commands, chat), x, y);
  const until = chat.expires_at ? trans.__('until %1', day(chat.expires_at)) : '';
  const facts = [keptWords(chat), until].filter(Boolean).join(' · ');
  const { outage } = props;
  const Icon = iconOfAgent(chat.agent);
  return (
    <TreeItem
      id={`deleted:${chat.id}`}
      className="jp-AgentHub-row jp-AgentHub-deleted"
      label={trans.__('%1, deleted, %2', chat.name, facts)}
      place={props.place}
      position={props.position}
      count={props.count}
      keys={{
        Delete: run(CommandIDs.forgetChat),
        '/': () => void commands.execute(CommandIDs.filter)
      }}
      onOpen={() => {
        const box = document.activeElement?.getBoundingClientRect();
        onMenu((box?.left ?? 0) + 24, box?.bottom ?? 0);
      }}
      onMenu={onMenu}
    >
      <Icon.react tag="span" className="jp-AgentHub-rowIcon" />
      <div className="jp-AgentHub-rowBody">
        <div className="jp-AgentHub-line">
          <span className="jp-AgentHub-name" title={chat.name}>
            {chat.name}
          </span>
          <span className="jp-AgentHub-time">{props.age}</span>
          <RowActions
            actions={[
              {
                icon: undoIcon,
                label: trans.__('Restore'),
                onClick: run(CommandIDs.restoreChat),
                blocked: outage?.reason
              },
              {
                icon: downloadIcon,
                label: trans.__('Download'),
                onClick: run(CommandIDs.downloadDeleted),
                blocked: downloadBlocked(chat, outage)
              }
            ]}
            onMenu={onMenu}
          />
        </div>
        <div className="jp-AgentHub-line jp-AgentHub-second">
          <span className="jp-AgentHub-facts" title={facts}>
            {facts}
          </span>
        </div>
      </div>
    </TreeItem>
  );
}

/** Why what is kept cannot be downloaded. */
function downloadBlocked(chat: DeletedChat, outage: IOutage | null): string | undefined {
  if (outage?.kind === 'hub') {
    return outage.reason;
  }
  return chat.kind === 'bundle' ? undefined : trans.__('it is kept as the folder %1', chat.path);
}

/** What is kept: `3 files · 1 commit`. */
function keptWords(chat: DeletedChat): string {
  const parts = [
    chat.files > 0 ? trans._n('%1 file', '%1 files', chat.files) : '',
    chat.commits > 0 ? trans._n('%1 commit', '%1 commits', chat.commits) : ''
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(' · ') : trans.__('Unsaved work');
}
