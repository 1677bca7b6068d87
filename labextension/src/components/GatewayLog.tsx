import React from 'react';

import type { GatewayRequest } from '../api';
import { clock, delay } from '../format';
import type { HubModel } from '../model';
import { trans } from '../translation';
import { StatusMark } from './StatusMark';

interface IGatewayLogProps {
  model: HubModel;
  /** The newest first; null while they are asked for. */
  requests: readonly GatewayRequest[] | null;
  /** Why they are not there; empty where nothing is wrong. */
  problem: string;
}

/** What chats asked for one by one, and what the hub refused them. */
export function GatewayLog(props: IGatewayLogProps): JSX.Element {
  const { model, requests, problem } = props;
  if (requests === null && problem !== '') {
    return (
      <p className="jp-AgentHub-problem">
        <StatusMark mark="failed" /> {problem}
      </p>
    );
  }
  if (requests === null) {
    return <p className="jp-AgentHub-quiet">{trans.__('Asking the hub…')}</p>;
  }
  if (requests.length === 0) {
    return (
      <p className="jp-AgentHub-quiet">
        {trans.__('No chat has asked for anything since the hub began.')}
      </p>
    );
  }
  return (
    // It scrolls: without a tab stop nobody could do so by the keyboard.
    <div
      className="jp-AgentHub-requests"
      tabIndex={0}
      role="region"
      aria-label={trans.__('Requests of chats')}
    >
      <table className="jp-AgentHub-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Asked')}</th>
            <th scope="col">{trans.__('Chat')}</th>
            <th scope="col">{trans._p('noun', 'Answer')}</th>
            <th scope="col">{trans.__('Time')}</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request, index) => (
            <tr key={`${request.at} ${index}`}>
              <td>
                <code>{request.asked}</code>
                {request.count > 1 && (
                  <span className="jp-AgentHub-quiet"> × {request.count.toLocaleString()}</span>
                )}
              </td>
              <td>{model.chat(request.chat)?.name ?? trans.__('a chat that is gone')}</td>
              <td>
                <Answer request={request} />
              </td>
              <td>
                <time dateTime={request.at}>{clock(request.at, true)}</time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Answer(props: { request: GatewayRequest }): JSX.Element {
  const { refused, problem, status, ms, host } = props.request;
  if (refused) {
    return (
      <>
        <StatusMark mark="warning" /> {trans.__('Refused: %1', problem)}
      </>
    );
  }
  if (problem) {
    return (
      <>
        <StatusMark mark="failed" /> {trans.__('%1: %2', host, problem)}
      </>
    );
  }
  return (
    <>
      {status ?? trans.__('Given')}{' '}
      <span className="jp-AgentHub-quiet">{ms !== null && delay(ms)}</span>
    </>
  );
}
