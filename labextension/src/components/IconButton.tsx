import React from 'react';
import type { LabIcon } from '@jupyterlab/ui-components';

interface IIconButtonProps {
  icon: LabIcon;
  label: string;
  onClick: (event: React.MouseEvent<HTMLButtonElement>) => void;
  pressed?: boolean;
  /** Whether it takes part in the tab order; in a row it does not, because the row's keys do the same. */
  tabbable?: boolean;
}

/** A button that is an icon alone; its label is its tooltip and what is read aloud. */
export function IconButton(props: IIconButtonProps): JSX.Element {
  const Icon = props.icon;
  return (
    <button
      type="button"
      className="jp-AgentHub-iconButton"
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.pressed}
      tabIndex={props.tabbable === false ? -1 : undefined}
      onClick={event => {
        event.stopPropagation();
        props.onClick(event);
      }}
    >
      <Icon.react tag="span" />
    </button>
  );
}
