import React, { useState } from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { beginning } from '../../chatpage/cut';
import { trans } from '../../translation';
import { Markdown } from './Markdown';

/** More than this of one answer is shown when it is asked for, and as plain text. */
const MOST = 40_000;

interface IMessageItemProps {
  text: string;
  /** Whether more may come. */
  isLive: boolean;
  rendermime: IRenderMimeRegistry;
}

/** Something the agent says. */
export function MessageItem(props: IMessageItemProps): JSX.Element {
  const { text, left } = beginning(props.text, MOST);
  const [isWhole, setWhole] = useState(false);
  return (
    <div className={`jp-AgentHub-said${props.isLive ? ' jp-mod-live' : ''}`}>
      {isWhole ? (
        <pre className="jp-AgentHub-plainText" tabIndex={0}>
          {props.text}
        </pre>
      ) : (
        <Markdown text={text} rendermime={props.rendermime} />
      )}
      {left > 0 && !isWhole && (
        <button type="button" className="jp-AgentHub-link" onClick={() => setWhole(true)}>
          {trans._n(
            'Show %1 more character as plain text',
            'Show %1 more characters as plain text',
            left
          )}
        </button>
      )}
    </div>
  );
}
