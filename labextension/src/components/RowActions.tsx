import React, { useContext } from 'react';
import { ellipsesIcon, type LabIcon } from '@jupyterlab/ui-components';

import { trans } from '../translation';
import { Attended } from './Tree';
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

/** Whether nothing here can be pointed at without a tap. */
const HOVERLESS = window.matchMedia('(hover:none)');

/**
 * The buttons that take the place of a row's time while the row has the pointer or the focus.
 *
 * There are none until then: they are half of what a row would consist of, which a scroll through a thousand notices.
 * A finger has no other way to the menu, as not every browser makes one of a long press: for it that one is there.
 */
export function RowActions(props: IRowActionsProps): JSX.Element | null {
  const isAttended = useContext(Attended);
  if (!isAttended && !HOVERLESS.matches) {
    return null;
  }
  return (
    <span className="jp-AgentHub-actions">
      {isAttended &&
        props.actions.map(action => <IconButton key={action.label} tabbable={false} {...action} />)}
      <IconButton
        icon={ellipsesIcon}
        label={trans.__('More')}
        tabbable={false}
        onClick={event => props.onMenu(event.clientX, event.clientY)}
      />
    </span>
  );
}
