import React from 'react';

interface IFactProps {
  label: string;
  /** Buttons at the end of the line. */
  actions?: React.ReactNode;
  children: React.ReactNode;
}

/** One line of what is connected: what it is, how it is, and what can be done with it. */
export function Fact(props: IFactProps): JSX.Element {
  return (
    <div className="jp-AgentHub-fact">
      <span className="jp-AgentHub-quiet">{props.label}</span>
      <span>{props.children}</span>
      {props.actions && <span className="jp-AgentHub-factActions">{props.actions}</span>}
    </div>
  );
}

/** Why a connection does not work, and what to do. */
export function Problem(props: { problem: { message: string; hint: string } }): JSX.Element {
  return (
    <p className="jp-AgentHub-problem">
      <strong>{props.problem.message}</strong> {props.problem.hint}
    </p>
  );
}
