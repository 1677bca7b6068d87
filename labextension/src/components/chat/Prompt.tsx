import React, { useState } from 'react';

import { trans } from '../../translation';

const LONG = { characters: 600, lines: 8 };

/** What the agent was asked; a long text is cut until somebody wants all of it. */
export function Prompt(props: { text: string }): JSX.Element {
  const { text } = props;
  const [isWhole, setWhole] = useState(false);
  const isLong =
    text.length > LONG.characters || text.split('\n', LONG.lines + 1).length > LONG.lines;
  const shown = isLong && !isWhole ? text.slice(0, LONG.characters) : text;
  return (
    <div className={`jp-AgentHub-prompt${isLong && !isWhole ? ' jp-mod-cut' : ''}`} dir="auto">
      <span>{shown}</span>
      {isLong && (
        <button
          type="button"
          className="jp-AgentHub-link"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? trans.__('Show less') : trans.__('Show all')}
        </button>
      )}
    </div>
  );
}
