import React, { useState } from 'react';

import { ending } from '../../chatpage/cut';
import { trans } from '../../translation';
import { AnsiText } from '../AnsiText';

const MOST = 10_000;

/** What a command has printed: its end, and all of it when that is asked for. */
export function Output(props: { text: string }): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const { text, left } = isWhole ? { text: props.text, left: 0 } : ending(props.text, MOST);
  return (
    <>
      {left > 0 && (
        <button type="button" className="jp-AgentHub-link" onClick={() => setWhole(true)}>
          {trans._n('Show %1 character before this', 'Show %1 characters before this', left)}
        </button>
      )}
      <pre
        className="jp-AgentHub-stepOutput"
        tabIndex={0}
        dir="auto"
        aria-label={trans.__('Output')}
      >
        <AnsiText text={text.replace(/\n+$/, '')} />
      </pre>
    </>
  );
}
