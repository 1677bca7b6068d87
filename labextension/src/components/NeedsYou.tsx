import React from 'react';
import type { CommandRegistry } from '@lumino/commands';

import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { StatusMark } from './StatusMark';

/** How many chats wait for the person; a click goes to the next of them. */
export function NeedsYou(props: {
  model: HubModel;
  commands: CommandRegistry;
}): JSX.Element | null {
  const waiting = props.model.count('waiting');
  if (waiting === 0 || props.model.outage) {
    return null;
  }
  return (
    <button
      type="button"
      className="jp-AgentHub-needsYou"
      title={trans.__('Open the next chat that waits for you')}
      onClick={() => void props.commands.execute(CommandIDs.nextWaiting)}
    >
      <StatusMark mark="warning" />
      {trans._n('%1 needs you', '%1 need you', waiting)}
    </button>
  );
}
