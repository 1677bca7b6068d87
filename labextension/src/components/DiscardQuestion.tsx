import React from 'react';

import { trans } from '../translation';

interface IDiscardQuestionProps {
  onKeep: () => void;
  onDiscard: () => void;
}

/** Asks in a form's footer, since Lab shows one dialog at a time. */
export function DiscardQuestion(props: IDiscardQuestionProps): JSX.Element {
  const text = trans.__('Discard what you typed?');
  // Past the last button, Tab would leave the dialog.
  const onKeyDown = (event: React.KeyboardEvent) => {
    const buttons = event.currentTarget.querySelectorAll('button');
    if (event.key === 'Tab') {
      event.preventDefault();
      (document.activeElement === buttons[0] ? buttons[1] : buttons[0])?.focus();
    }
  };
  return (
    <div
      className="jp-AgentHub-question"
      role="alertdialog"
      aria-label={text}
      onKeyDown={onKeyDown}
    >
      <strong>{text}</strong>
      <div className="jp-Dialog-footerButtons">
        <button
          type="button"
          className="jp-Dialog-button jp-mod-reject jp-mod-styled"
          autoFocus
          onClick={props.onKeep}
        >
          {trans.__('Keep editing')}
        </button>
        <button
          type="button"
          className="jp-Dialog-button jp-mod-accept jp-mod-warn jp-mod-styled"
          onClick={props.onDiscard}
        >
          {trans.__('Discard')}
        </button>
      </div>
    </div>
  );
}
