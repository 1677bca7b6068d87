import React from 'react';
import { closeIcon, deleteIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Selection } from '../selection';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
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
      blocked={commands.isEnabled(command, args) ? undefined : trans.__('none of them can be')}
      onClick={() => void commands.execute(command, args)}
    />
  );
  return (
    <div
      className="jp-AgentHub-selectionBar"
      role="toolbar"
      aria-label={trans.__('Selected chats')}
    >
      <span className="jp-AgentHub-name">
        {trans._n('%1 selected', '%1 selected', selection.size)}
      </span>
      {action(runIcon, trans.__('Resume'), CommandIDs.resumeChats)}
      {action(stopIcon, trans.__('Stop'), CommandIDs.stopChats)}
      {action(deleteIcon, trans.__('Delete'), CommandIDs.deleteChats)}
      <IconButton
        icon={closeIcon}
        label={trans.__('Clear selection (Esc)')}
        onClick={() => selection.clear()}
      />
    </div>
  );
}
