import React from 'react';

import { clock, count } from '../format';
import type { HubModel } from '../model';
import { StatusMark } from './StatusMark';

/** The engine's state, and how many chats do what. */
export function PanelFooter(props: { model: HubModel }): JSX.Element {
  const { model } = props;
  const engine = model.status?.engine;
  const isOffline = model.connection === 'offline';
  const gpus = model.status?.gpus.length ?? 0;
  return (
    <footer className="jp-AgentHub-footer">
      <div className="jp-AgentHub-line">
        {engine ? (
          <span className="jp-AgentHub-state" title={engine.message}>
            <StatusMark
              mark={!engine.reachable ? 'failed' : engine.isolated ? 'ready' : 'warning'}
            />
            <span>{engine.reachable ? engine.name : `${engine.name} not reachable`}</span>
          </span>
        ) : (
          <span className="jp-AgentHub-state">
            <StatusMark mark={isOffline ? 'failed' : 'pending'} />
            <span>{isOffline ? 'Not connected' : 'Connecting…'}</span>
          </span>
        )}
        {gpus > 0 && <span className="jp-AgentHub-time">{count(gpus, 'GPU')}</span>}
      </div>
      <div className="jp-AgentHub-line" aria-live="polite">
        {engine && (engine.reachable ? summary(model) : `States as of ${clock(engine.checked_at)}`)}
        {model.connection === 'polling' && ' · no live connection, asking every few seconds'}
      </div>
    </footer>
  );
}

/** How many chats do what: `3 running · 1 in queue`. */
export function summary(model: HubModel): string {
  const { chats } = model;
  const number = (...states: string[]) => chats.filter(chat => states.includes(chat.status)).length;
  const parts = [
    [number('running'), 'running'],
    [number('starting'), 'starting'],
    [number('queued'), 'in queue']
  ] as const;
  const words = parts.filter(([found]) => found > 0).map(([found, word]) => `${found} ${word}`);
  if (words.length > 0) {
    return words.join(' · ');
  }
  return chats.length === 0 ? 'No chats' : 'No chat runs';
}
