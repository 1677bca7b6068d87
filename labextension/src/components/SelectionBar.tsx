import React from 'react';
import { closeIcon, deleteIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Selection } from '../selection';
import { CommandIDs } from '../tokens';
import { IconButton } from './IconButton';

interface ISelectionBarProps {
  selection: Selection;
  commands: CommandRegistry;
}

/** How many chats are chosen, and what can be done with all of them. */
export function SelectionBar({ selection, commands }: ISelectionBarProps): JSX.Element {
  const args = { chats: [...selection.keys] };
  const action = (icon: typeof stopIcon, label: string, command: string) => (
    <IconButton
      icon={icon}
      label={label}
      blocked={commands.isEnabled(command, args) ? undefined : 'none of them can be'}
      onClick={() => void commands.execute(command, args)}
    />
  );
  return (
    <div className="jp-AgentHub-selectionBar" role="toolbar" aria-label="Selected chats">
      <span className="jp-AgentHub-name">{selection.size} selected</span>
      {action(runIcon, 'Resume', CommandIDs.resumeChats)}
      {action(stopIcon, 'Stop', CommandIDs.stopChats)}
      {action(deleteIcon, 'Delete', CommandIDs.deleteChats)}
      <IconButton
        icon={closeIcon}
        label="Clear selection (Esc)"
        onClick={() => selection.clear()}
      />
    </div>
  );
}
