import React from 'react';
import type { LabIcon } from '@jupyterlab/ui-components';

import { trans } from '../translation';

interface IBarButtonProps {
  icon: LabIcon;
  label: string;
  onClick: () => void;
  isEnabled: boolean;
  /** Why it cannot be used, where that is known. */
  blocked?: string;
  isPrimary?: boolean;
}

/** A button with an icon and a word. */
export function BarButton(props: IBarButtonProps): JSX.Element {
  const { icon: Icon, label, isEnabled, blocked } = props;
  return (
    <button
      type="button"
      className={props.isPrimary ? 'jp-AgentHub-primary' : 'jp-AgentHub-plain'}
      disabled={!isEnabled}
      title={!isEnabled && blocked ? trans.__('%1: %2', label, blocked) : undefined}
      onClick={props.onClick}
    >
      <Icon.react tag="span" />
      {label}
    </button>
  );
}
