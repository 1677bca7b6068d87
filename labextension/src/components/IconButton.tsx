import React from 'react';
import type { LabIcon } from '@jupyterlab/ui-components';

import { trans } from '../translation';

interface IIconButtonProps {
  icon: LabIcon;
  label: string;
  onClick: (event: React.MouseEvent<HTMLButtonElement>) => void;
  pressed?: boolean;
  /** Whether it takes part in the tab order; in a row it does not, because the row's keys do the same. */
  tabbable?: boolean;
  /** Why it cannot be used now; its tooltip says so. */
  blocked?: string;
  /** Whether it says, by a dot, that something behind it needs a person. */
  isMarked?: boolean;
  /** Its element, for what gives it the focus. */
  node?: React.RefObject<HTMLButtonElement>;
}

/** A button that is an icon alone; its label is its tooltip and what is read aloud. */
export function IconButton(props: IIconButtonProps): JSX.Element {
  const Icon = props.icon;
  const { blocked } = props;
  return (
    <button
      ref={props.node}
      type="button"
      className={`jp-AgentHub-iconButton${props.isMarked ? ' jp-mod-marked' : ''}`}
      title={blocked ? trans.__('%1: %2', props.label, blocked) : props.label}
      aria-label={props.label}
      aria-pressed={props.pressed}
      // Not `disabled`: a disabled button shows no tooltip in some browsers, and a click would reach the row under it.
      aria-disabled={blocked ? true : undefined}
      tabIndex={props.tabbable === false ? -1 : undefined}
      onClick={event => {
        event.stopPropagation();
        if (!blocked) {
          props.onClick(event);
        }
      }}
    >
      <Icon.react tag="span" />
    </button>
  );
}
