import React from 'react';

import type { HubModel } from '../model';
import { summary } from './PanelFooter';
import { StatusMark } from './StatusMark';
import { useSignal } from './hooks';

interface IStatusItemProps {
  model: HubModel;
  onClick: () => void;
}

/** The chats in a few words; a click shows the panel. */
export function StatusItem(props: IStatusItemProps): JSX.Element {
  const { model } = props;
  useSignal(model.changed);
  const engine = model.status?.engine;
  const isDown = engine?.reachable === false || model.connection === 'offline';
  const isOpen = engine?.isolated === false;
  const isRunning = model.chats.some(chat => chat.status === 'running');
  const words = isDown
    ? 'engine not reachable'
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
        mark={isDown ? 'failed' : isOpen ? 'warning' : isRunning ? 'running' : 'exited'}
      />
      <span>{words}</span>
    </button>
  );
}
