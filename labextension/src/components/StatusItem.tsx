import React from 'react';

import { summary } from '../activity';
import type { HubModel } from '../model';
import { trans } from '../translation';
import { StatusMark, type Mark } from './StatusMark';
import { useModel } from './hooks';

interface IStatusItemProps {
  model: HubModel;
  onClick: () => void;
}

/** The chats in a few words. */
export function StatusItem(props: IStatusItemProps): JSX.Element {
  const { model } = props;
  useModel(model, ['status', 'chat']);
  const { outage } = model;
  const isOpen = model.status?.engine.isolated === false;
  const words = outage
    ? outage.reason
    : isOpen
      ? [summary(model), trans.__('not isolated')].join(' · ')
      : summary(model);
  return (
    <button
      type="button"
      className="jp-AgentHub jp-AgentHub-statusItem"
      title={
        model.count('waiting') > 0 && !outage
          ? trans.__('Open the next chat that waits for you')
          : trans.__('Show Agent Hub')
      }
      onClick={props.onClick}
    >
      <StatusMark mark={markOf(model)} />
      <span>{words}</span>
    </button>
  );
}

function markOf(model: HubModel): Mark {
  if (model.outage) {
    return 'failed';
  }
  if (model.status?.engine.isolated === false || model.count('waiting') > 0) {
    return 'warning';
  }
  return model.count('running') > 0 ? 'running' : 'exited';
}
