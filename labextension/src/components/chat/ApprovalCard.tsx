import React, { useEffect, useRef, useState } from 'react';

import { HubError, type Approval, type Decision, type Item } from '../../api';
import type { IChatContext } from '../../chatpage/context';
import { trans } from '../../translation';
import { changeWords } from '../../turns';
import { visible } from '../../visible';
import { place, Sentence } from '../Sentence';
import { StatusMark } from '../StatusMark';

interface IApprovalCardProps {
  context: IChatContext;
  approval: Approval;
  /** What it is about. */
  item: Item | undefined;
  agent: string;
}

const YES = 'Y';
const ALWAYS = 'A';
const NO = 'N';

const KEYS: Record<string, Decision> = {
  [YES]: 'accept',
  [ALWAYS]: 'accept_for_session',
  [NO]: 'decline'
};

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
    const decision = KEYS[event.key.toUpperCase()];
    if (decision && !event.ctrlKey && !event.altKey && !event.metaKey && !event.repeat) {
      event.preventDefault();
      event.stopPropagation();
      answer(decision);
    }
  };
  const isCommand = approval.kind === 'command';
  const title = isCommand
    ? trans.__('%1 asks to run a command', agent)
    : trans.__('%1 asks to change files', agent);
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
      {isCommand && <pre tabIndex={0}>{visible(approval.command)}</pre>}
      {files.length > 0 && (
        <pre tabIndex={0}>{files.map(change => visible(changeWords(change), '')).join('\n')}</pre>
      )}
      {approval.reason && <p>{visible(approval.reason)}</p>}
      {approval.directory && (
        <p>
          <Sentence words={trans.__('in %1', place(1))}>
            <code>{visible(approval.directory)}</code>
          </Sentence>
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
          {trans.__('Allow once')} <kbd>{YES}</kbd>
        </button>
        <button
          type="button"
          className="jp-AgentHub-plain"
          disabled={isAnswering}
          onClick={() => answer('accept_for_session')}
        >
          {trans.__('Allow in this chat')} <kbd>{ALWAYS}</kbd>
        </button>
        <button
          type="button"
          className="jp-AgentHub-plain"
          disabled={isAnswering}
          onClick={() => answer('decline')}
        >
          {trans.__('Deny')} <kbd>{NO}</kbd>
        </button>
      </div>
    </div>
  );
}
