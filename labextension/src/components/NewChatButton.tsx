import React, { useRef } from 'react';
import { addIcon, caretDownIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { newChatMenu, openMenu } from '../menus';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';

interface INewChatButtonProps {
  model: HubModel;
  commands: CommandRegistry;
  /** Whether there is nothing to start a chat in. */
  disabled: boolean;
}

/** New chat in the project in front, or last used, with a menu for anything else. */
export function NewChatButton(props: INewChatButtonProps): JSX.Element {
  const { model, commands } = props;
  const blocked = model.outage?.reason ?? '';
  const disabled = props.disabled || blocked !== '';
  const node = useRef<HTMLDivElement>(null);
  const project = model.currentProject;
  const label = project ? trans.__('New chat in %1', project.name) : trans.__('New chat');
  const title = blocked ? trans.__('%1: %2', label, blocked) : label;

  const onMenu = () => {
    const box = node.current?.getBoundingClientRect();
    openMenu(newChatMenu(commands, model), box?.left ?? 0, (box?.bottom ?? 0) + 2);
  };

  return (
    <div ref={node} className="jp-AgentHub-split">
      <button
        type="button"
        className="jp-AgentHub-primary"
        disabled={disabled}
        title={title}
        onClick={() => void commands.execute(CommandIDs.newChat)}
      >
        <addIcon.react tag="span" />
        {trans.__('New chat')}
      </button>
      <button
        type="button"
        className="jp-AgentHub-primary"
        disabled={disabled}
        aria-haspopup="menu"
        aria-label={trans.__('Other ways to start a chat')}
        title={trans.__('Other ways to start a chat')}
        onClick={onMenu}
      >
        <caretDownIcon.react tag="span" />
      </button>
    </div>
  );
}
