import React from 'react';

import { trans } from '../translation';

/** A reason, with the names of files in the font of code. */
export function Reason(props: { text: string }): JSX.Element {
  const parts = props.text.split('`');
  return (
    <>{parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
  );
}

/** Says beside a value that it is the hub's, until a person changes it. */
export function ProposedBadge(): JSX.Element {
  return <span className="jp-AgentHub-proposed">{trans.__('proposed')}</span>;
}
