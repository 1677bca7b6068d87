import React from 'react';

import { StatusMark, type Mark } from './StatusMark';

const TINTS: Partial<Record<Mark, string>> = {
  ready: ' jp-mod-success',
  warning: ' jp-mod-warning',
  failed: ' jp-mod-error',
  running: ' jp-mod-brand'
};

/** A state in a word, beside a heading. */
export function Chip(props: { mark: Mark; word: string }): JSX.Element {
  return (
    <span className={`jp-AgentHub-chip${TINTS[props.mark] ?? ''}`}>
      <StatusMark mark={props.mark} />
      {props.word}
    </span>
  );
}
