import React from 'react';

import { trans } from '../translation';

interface IAccountActionsProps {
  isUp: boolean;
  /** Whether the form for another account is open. */
  isReplacing: boolean;
  onReplace: () => void;
  /** What ends the account is called. */
  end: string;
  onEnd: () => void;
}

/** What can be done with an account that is connected. */
export function AccountActions(props: IAccountActionsProps): JSX.Element {
  return (
    <>
      <button
        type="button"
        className="jp-AgentHub-plain"
        disabled={!props.isUp || props.isReplacing}
        onClick={props.onReplace}
      >
        {trans.__('Replace…')}
      </button>
      <button
        type="button"
        className="jp-AgentHub-plain"
        disabled={!props.isUp}
        onClick={props.onEnd}
      >
        {props.end}
      </button>
    </>
  );
}
