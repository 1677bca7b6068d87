import React from 'react';

import type { GatewayRoute } from '../api';
import { gatewayState, type IState } from '../connectionstate';
import { count, delay } from '../format';
import type { GatewayWatch } from '../gateway';
import type { HubModel } from '../model';
import { Chip } from './Chip';
import { GatewayLog } from './GatewayLog';
import { useSignal } from './hooks';
import { StatusMark } from './StatusMark';

const STATES: Record<GatewayRoute['state'], IState> = {
  ok: { mark: 'ready', word: 'Reachable' },
  trouble: { mark: 'failed', word: 'Trouble' },
  idle: { mark: 'pending', word: 'Idle' },
  not_connected: { mark: 'pending', word: 'Not connected' }
};

const UNKNOWN: IState = { mark: 'pending', word: 'Unknown' };

const LOG = 'agent-hub-gateway-log';

/** How it goes with the hosts that chats ask by way of the gateway. */
export function GatewaySection(props: {
  model: HubModel;
  watch: GatewayWatch;
}): JSX.Element | null {
  const { model, watch } = props;
  useSignal(watch.changed);
  // What was told last may not be so any more.
  const isUp = model.outage?.kind !== 'hub';
  if (watch.routes.length === 0) {
    return null;
  }
  return (
    <section className="jp-AgentHub-connection" aria-labelledby="agent-hub-gateway">
      <div className="jp-AgentHub-line">
        <h3 id="agent-hub-gateway">Gateway</h3>
        <Chip {...(isUp ? gatewayState(watch.routes) : UNKNOWN)} />
        <span className="jp-AgentHub-spacer" />
        <button
          type="button"
          className="jp-AgentHub-plain"
          aria-expanded={watch.isLogShown}
          aria-controls={LOG}
          disabled={!isUp && !watch.isLogShown}
          onClick={() => watch.showLog(!watch.isLogShown)}
        >
          {watch.isLogShown ? 'Hide log' : 'Show log'}
        </button>
      </div>
      <table className="jp-AgentHub-table" aria-labelledby="agent-hub-gateway">
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
            <Route key={route.host} route={route} isUp={isUp} />
          ))}
        </tbody>
      </table>
      <div id={LOG}>
        {watch.isLogShown && (
          <GatewayLog model={model} requests={watch.log} problem={watch.logProblem} />
        )}
      </div>
    </section>
  );
}

function Route(props: { route: GatewayRoute; isUp: boolean }): JSX.Element {
  const { host, state, requests, errors, median_ms: median, problem } = props.route;
  const { mark, word } = props.isUp ? STATES[state] : UNKNOWN;
  return (
    <tr>
      <th scope="row">{host}</th>
      <td>
        <StatusMark mark={mark} /> {problem && props.isUp ? `${word}: ${problem}` : word}
      </td>
      <td>
        {requests > 0 ? (
          `${count(requests, 'request')}, ${count(errors, 'error')}`
        ) : (
          <span className="jp-AgentHub-quiet">no requests</span>
        )}
      </td>
      <td>{median === null ? '–' : delay(median)}</td>
    </tr>
  );
}
