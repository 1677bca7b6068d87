import React, { useEffect, useRef, useState } from 'react';

import { HubError, type Approval, type Decision, type Item } from '../../api';
import type { IChatContext } from '../../chatpage/context';
import { StatusMark } from '../StatusMark';

interface IApprovalCardProps {
  context: IChatContext;
  approval: Approval;
  /** What it is about. */
  item: Item | undefined;
  agent: string;
}

const KEYS: Record<string, Decision> = { y: 'accept', a: 'accept_for_session', n: 'decline' };

/** What an agent asks before it goes on; its keys act while it has the focus. */
export function ApprovalCard(props: IApprovalCardProps): JSX.Element {
  const { context, approval, item, agent } = props;
  const node = useRef<HTMLDivElement>(null);
  const [isAnswering, setAnswering] = useState(false);
  const [problem, setProblem] = useState('');
  const { reading } = context;

  useEffect(() => {
    // Whoever writes, or works in the terminal, is not to answer with their next key.
    const page = node.current?.closest('.jp-AgentHub-conversation');
    if (reading.draft === '' && page?.contains(document.activeElement)) {
      node.current?.focus();
    }
  }, [reading]);

  const answer = (decision: Decision) => {
    if (isAnswering) {
      return;
    }
    setAnswering(true);
    setProblem('');
    context.conversation.answer(approval.id, decision).catch(reason => {
      const error = HubError.from(reason);
      setAnswering(false);
      setProblem(`${error.message} ${error.hint}`.trim());
    });
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const decision = KEYS[event.key.toLowerCase()];
    if (decision && !event.ctrlKey && !event.altKey && !event.metaKey && !event.repeat) {
      event.preventDefault();
      event.stopPropagation();
      answer(decision);
    }
  };
  const isCommand = approval.kind === 'command';
  const title = isCommand ? `${agent} asks to run a command` : `${agent} asks to change files`;
  const files = item?.type === 'files' ? item.changes : [];
  return (
    <div
      ref={node}
      className="jp-AgentHub-ask"
      role="group"
      aria-label={title}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div className="jp-AgentHub-line">
        <StatusMark mark="warning" />
        <strong>{title}</strong>
      </div>
      {isCommand && <pre tabIndex={0}>{approval.command}</pre>}
      {files.length > 0 && (
        <pre tabIndex={0}>
          {files
            .map(({ kind, path, moved_to: to }) => `${kind} ${path}${to ? ` → ${to}` : ''}`)
            .join('\n')}
        </pre>
      )}
      {approval.reason && <p>{approval.reason}</p>}
      {approval.directory && (
        <p>
          in <code>{approval.directory}</code>
        </p>
      )}
      {problem && <p role="alert">{problem}</p>}
      <div className="jp-AgentHub-askButtons">
        <button
          type="button"
          className="jp-AgentHub-primary"
          disabled={isAnswering}
          onClick={() => answer('accept')}
        >
          Allow once <kbd>Y</kbd>
        </button>
        <button
          type="button"
          className="jp-AgentHub-plain"
          disabled={isAnswering}
          onClick={() => answer('accept_for_session')}
        >
          Allow in this chat <kbd>A</kbd>
        </button>
        <button
          type="button"
          className="jp-AgentHub-plain"
          disabled={isAnswering}
          onClick={() => answer('decline')}
        >
          Deny <kbd>N</kbd>
        </button>
      </div>
    </div>
  );
}
