import React from 'react';

import type { HubModel } from '../model';
import { summary } from './PanelFooter';
import { StatusMark } from './StatusMark';
import { useModel } from './hooks';

interface IStatusItemProps {
  model: HubModel;
  onClick: () => void;
}

/** The chats in a few words; a click shows the panel. */
export function StatusItem(props: IStatusItemProps): JSX.Element {
  const { model } = props;
  useModel(model, ['status', 'chat']);
  const { outage } = model;
  const isOpen = model.status?.engine.isolated === false;
  const words = outage
    ? outage.reason
    : isOpen
      ? `${summary(model)} · not isolated`
      : summary(model);
  return (
    <button
      type="button"
      className="jp-AgentHub jp-AgentHub-statusItem"
      title="Show Agent Hub"
      onClick={props.onClick}
    >
      <StatusMark
        mark={
          outage ? 'failed' : isOpen ? 'warning' : model.count('running') > 0 ? 'running' : 'exited'
        }
      />
      <span>{words}</span>
    </button>
  );
}
