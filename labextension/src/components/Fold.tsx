import React, { useState } from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';

interface IFoldProps {
  title: string;
  /** What is inside, in words. */
  summary: string;
  /** Something inside is wrong: it is open, whatever was chosen. */
  hasError: boolean;
  isOpen?: boolean;
  children: React.ReactNode;
}

/** A part of a form that folds. */
export function Fold(props: IFoldProps): JSX.Element {
  const [chosen, setChosen] = useState(props.isOpen ?? false);
  const isOpen = chosen || props.hasError;
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <section className="jp-AgentHub-fold">
      <button type="button" aria-expanded={isOpen} onClick={() => setChosen(!isOpen)}>
        <Caret.react tag="span" className="jp-AgentHub-caret" />
        <span>{props.title}</span>
        <span className="jp-AgentHub-foldSummary">{props.summary}</span>
      </button>
      {isOpen && <div className="jp-AgentHub-foldBody">{props.children}</div>}
    </section>
  );
}
