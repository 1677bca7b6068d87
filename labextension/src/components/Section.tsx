import React, { useState } from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';

interface ISectionProps {
  title: string;
  /** How many, in words: `4`, or `1 of 7`. */
  count: string;
  /** Whether it is folded at first. */
  isFolded?: boolean;
  /** What can be done from its header. */
  action?: React.ReactNode;
  children: React.ReactNode;
}

/** A part of the panel that folds. */
export function Section(props: ISectionProps): JSX.Element {
  const [isOpen, setOpen] = useState(props.isFolded !== true);
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <section className="jp-AgentHub-section">
      <h3 className="jp-AgentHub-sectionHeader">
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Caret.react tag="span" className="jp-AgentHub-caret" />
          <span className="jp-AgentHub-sectionTitle">{props.title}</span>
          <span className="jp-AgentHub-sectionCount">{props.count}</span>
        </button>
        {props.action}
      </h3>
      {isOpen && props.children}
    </section>
  );
}
