import React from 'react';

import type { GatewayRoute } from '../api';
import { gatewayState, type IState } from '../connectionstate';
import { delay } from '../format';
import type { GatewayWatch } from '../gateway';
import type { HubModel } from '../model';
import { trans } from '../translation';
import { Chip } from './Chip';
import { GatewayLog } from './GatewayLog';
import { useSignal } from './hooks';
import { StatusMark } from './StatusMark';

function stateOf(state: GatewayRoute['state']): IState {
  switch (state) {
    case 'ok':
      return { mark: 'ready', word: trans.__('Reachable') };
    case 'trouble':
      return { mark: 'failed', word: trans.__('Trouble') };
    case 'idle':
      return { mark: 'pending', word: trans.__('Idle') };
    case 'not_connected':
      return { mark: 'pending', word: trans.__('Not connected') };
  }
}

function unknown(): IState {
  return { mark: 'pending', word: trans.__('Unknown') };
}

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
        <h3 id="agent-hub-gateway">{trans.__('Gateway')}</h3>
        <Chip {...(isUp ? gatewayState(watch.routes) : unknown())} />
        <span className="jp-AgentHub-spacer" />
        <button
          type="button"
          className="jp-AgentHub-plain"
          aria-expanded={watch.isLogShown}
          aria-controls={LOG}
          disabled={!isUp && !watch.isLogShown}
          onClick={() => watch.showLog(!watch.isLogShown)}
        >
          {watch.isLogShown ? trans.__('Hide log') : trans.__('Show log')}
        </button>
      </div>
      <table className="jp-AgentHub-table" aria-labelledby="agent-hub-gateway">
        <thead>
          <tr>
            <th scope="col">{trans.__('Route')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Last 15 min')}</th>
            <th scope="col">{trans.__('Median delay')}</th>
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
  const { mark, word } = props.isUp ? stateOf(state) : unknown();
  return (
    <tr>
      <th scope="row">{host}</th>
      <td>
        <StatusMark mark={mark} />{' '}
        {problem && props.isUp ? trans.__('%1: %2', word, problem) : word}
      </td>
      <td>
        {requests > 0 ? (
          [
            trans._n('%1 request', '%1 requests', requests),
            trans._n('%1 error', '%1 errors', errors)
          ].join(', ')
        ) : (
          <span className="jp-AgentHub-quiet">{trans.__('no requests')}</span>
        )}
      </td>
      <td>{median === null ? '–' : delay(median)}</td>
    </tr>
  );
}
