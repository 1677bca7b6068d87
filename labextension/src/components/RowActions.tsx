import React from 'react';
import { ellipsesIcon, type LabIcon } from '@jupyterlab/ui-components';

import { trans } from '../translation';
import { IconButton } from './IconButton';

/** What a row's button does. */
export interface IRowAction {
  icon: LabIcon;
  label: string;
  onClick: () => void;
  /** Why it cannot be done now. */
  blocked?: string;
}

interface IRowActionsProps {
  actions: readonly IRowAction[];
  onMenu: (x: number, y: number) => void;
}

/** The buttons that take the place of a row's time while the row has the pointer or the focus. */
export function RowActions(props: IRowActionsProps): JSX.Element {
  return (
    <span className="jp-AgentHub-actions">
      {props.actions.map(action => (
        <IconButton key={action.label} tabbable={false} {...action} />
      ))}
      <IconButton
        icon={ellipsesIcon}
        label={trans.__('More')}
        tabbable={false}
        onClick={event => props.onMenu(event.clientX, event.clientY)}
      />
    </span>
  );
}
