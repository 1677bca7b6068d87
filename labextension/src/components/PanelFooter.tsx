import React from 'react';
import type { CommandRegistry } from '@lumino/commands';

import { summary } from '../activity';
import { trouble } from '../connectionstate';
import { shortMoment } from '../format';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { StatusMark } from './StatusMark';

interface IPanelFooterProps {
  model: HubModel;
  commands: CommandRegistry;
}

/** The engine's state, what is wrong with a connection, and how many chats do what. */
export function PanelFooter(props: IPanelFooterProps): JSX.Element {
  const { model, commands } = props;
  const { outage } = model;
  const troubled = outage || !model.status ? null : trouble(model.status);
  const gpus = model.status?.gpus.length ?? 0;
  return (
    <div className="jp-AgentHub-footer">
      <div className="jp-AgentHub-line">
        <EngineState model={model} />
        {gpus > 0 && (
          <span className="jp-AgentHub-time">{trans._n('%1 GPU', '%1 GPUs', gpus)}</span>
        )}
      </div>
      {troubled && (
        <button
          type="button"
          className="jp-AgentHub-troubled"
          title={trans.__('%1 Open Connections', troubled)}
          onClick={() => void commands.execute(CommandIDs.openConnections)}
        >
          <StatusMark mark="warning" />
          <span>{troubled}</span>
        </button>
      )}
      <div className="jp-AgentHub-line">
        {outage &&
          model.status &&
          outage.since &&
          trans.__('States as of %1', shortMoment(outage.since))}
        {!outage && model.status && summary(model)}
        {model.connection === 'polling' &&
          ` · ${trans.__('no live connection, asking every few seconds')}`}
      </div>
    </div>
  );
}

/** What chats run on, and whether it can be had. */
function EngineState(props: { model: HubModel }): JSX.Element {
  const { connection, status } = props.model;
  const engine = status?.engine;
  if (connection === 'offline' || !engine) {
    const isGone = connection === 'offline';
    return (
      <span className="jp-AgentHub-state">
        <StatusMark mark={isGone ? 'failed' : 'pending'} />
        <span>{isGone ? trans.__('Not connected') : trans.__('Connecting…')}</span>
      </span>
    );
  }
  return (
    <span className="jp-AgentHub-state" title={engine.message}>
      <StatusMark mark={!engine.reachable ? 'failed' : engine.isolated ? 'ready' : 'warning'} />
      <span>{engine.reachable ? engine.name : trans.__('%1 not reachable', engine.name)}</span>
    </span>
  );
}
