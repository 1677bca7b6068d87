import React from 'react';

import type { GatewayRoute } from '../api';
import { gatewayState } from '../connectionstate';
import { count } from '../format';
import type { GatewayWatch } from '../gateway';
import { Chip } from './Chip';
import { useSignal } from './hooks';
import { StatusMark, type Mark } from './StatusMark';

const STATES: Record<GatewayRoute['state'], { mark: Mark; word: string }> = {
  ok: { mark: 'ready', word: 'Reachable' },
  trouble: { mark: 'failed', word: 'Trouble' },
  idle: { mark: 'pending', word: 'Idle' },
  not_connected: { mark: 'pending', word: 'Not connected' }
};

/** How it goes with the hosts that chats ask by way of the gateway. */
export function GatewaySection(props: { watch: GatewayWatch }): JSX.Element | null {
  const { watch } = props;
  useSignal(watch.changed);
  if (watch.routes.length === 0) {
    return null;
  }
  return (
    <section className="jp-AgentHub-connection" aria-labelledby="agent-hub-gateway">
      <div className="jp-AgentHub-line">
        <h3 id="agent-hub-gateway">Gateway</h3>
        <span aria-live="polite">
          <Chip {...gatewayState(watch.routes)} />
        </span>
      </div>
      <table className="jp-AgentHub-table">
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">State</th>
            <th scope="col">Last 15 min</th>
            <th scope="col">Median delay</th>
          </tr>
        </thead>
        <tbody>
          {watch.routes.map(route => (
            <Route key={route.host} route={route} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Route(props: { route: GatewayRoute }): JSX.Element {
  const { host, state, requests, errors, median_ms: median, problem } = props.route;
  const { mark, word } = STATES[state];
  return (
    <tr>
      <th scope="row">{host}</th>
      <td>
        <StatusMark mark={mark} /> {problem ? `${word}: ${problem}` : word}
      </td>
      <td>
        {requests > 0 ? (
          `${count(requests, 'request')}, ${count(errors, 'error')}`
        ) : (
          <span className="jp-AgentHub-quiet">no requests</span>
        )}
      </td>
      <td>{median === null ? '–' : `${Math.round(median)} ms`}</td>
    </tr>
  );
}
