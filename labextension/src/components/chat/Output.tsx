import React, { useState } from 'react';

import { ending } from '../../chatpage/cut';
import { count } from '../../format';
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
          Show {count(left, 'character')} before this
        </button>
      )}
      <pre className="jp-AgentHub-stepOutput" tabIndex={0} dir="auto" aria-label="Output">
        <AnsiText text={text.replace(/\n+$/, '')} />
      </pre>
    </>
  );
}
