import React from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';

interface IStepProps {
  /** Its status mark, or its icon. */
  icon: React.ReactNode;
  title: string;
  /** How it ended, or what it is: `exit 0`. */
  fact?: React.ReactNode;
  /** How long it took. */
  time?: string;
  /** Whether there is something to show; one that has nothing does not fold. */
  hasBody: boolean;
  isOpen: boolean;
  onToggle: (isOpen: boolean) => void;
  children: () => React.ReactNode;
}

/** One line of what the agent did; what came of it folds. */
export function Step(props: IStepProps): JSX.Element {
  const isOpen = props.isOpen && props.hasBody;
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const line = (
    <>
      {props.hasBody ? (
        <Caret.react tag="span" className="jp-AgentHub-caret" />
      ) : (
        <span className="jp-AgentHub-caret" />
      )}
      {props.icon}
      <code className="jp-AgentHub-stepTitle">{props.title}</code>
      {props.fact && <span className="jp-AgentHub-stepFact">{props.fact}</span>}
      <span className="jp-AgentHub-stepTime">{props.time}</span>
    </>
  );
  return (
    <div className="jp-AgentHub-step-item">
      {props.hasBody ? (
        <button
          type="button"
          className="jp-AgentHub-stepLine"
          aria-expanded={isOpen}
          title={props.title}
          onClick={() => props.onToggle(!isOpen)}
        >
          {line}
        </button>
      ) : (
        <div className="jp-AgentHub-stepLine" title={props.title}>
          {line}
        </div>
      )}
      {isOpen && <div className="jp-AgentHub-stepBody">{props.children()}</div>}
    </div>
  );
}
