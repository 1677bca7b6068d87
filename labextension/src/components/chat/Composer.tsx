import React, { useEffect, useRef, useState } from 'react';

import { hasEnded } from '../../activity';
import { HubError, type Chat } from '../../api';
import type { IChatContext } from '../../chatpage/context';
import { isUnknown } from '../../outage';
import { trans } from '../../translation';
import { place, Sentence } from '../Sentence';

/** The most lines that it grows to. */
const MOST_LINES = 10;

interface IComposerProps {
  context: IChatContext;
  chat: Chat;
  agent: string;
  /** Whether the agent works, and what is written now is said later. */
  isAtWork: boolean;
  onInterrupt: () => void;
  onSent: () => void;
}

/** Where a person writes to the agent. */
export function Composer(props: IComposerProps): JSX.Element {
  const { context, chat, agent, isAtWork } = props;
  const { reading, conversation, model } = context;
  const input = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(reading.draft);
  useEffect(() => {
    const slot = () => {
      setText(reading.draft);
      input.current?.focus();
    };
    reading.givenBack.connect(slot);
    return () => {
      reading.givenBack.disconnect(slot);
    };
  }, [reading]);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState('');
  const hears = HEARS.has(chat.status) && !isUnknown(chat, model.outage);

  const change = (value: string) => {
    reading.draft = value;
    setText(value);
  };
  useEffect(() => {
    const { current } = input;
    if (current) {
      current.style.height = 'auto';
      current.style.height = `${Math.min(current.scrollHeight + 2, MOST_LINES * 20 + 18)}px`;
    }
  }, [text]);

  const send = async () => {
    if (text.trim() === '' || isSending || !hears) {
      return;
    }
    setSending(true);
    setProblem('');
    try {
      await conversation.send(text);
      change('');
      props.onSent();
    } catch (reason) {
      const error = HubError.from(reason);
      setProblem(`${error.message} ${error.hint}`.trim());
    } finally {
      setSending(false);
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void send();
    } else if (event.key === 'Escape' && isAtWork) {
      event.preventDefault();
      event.stopPropagation();
      props.onInterrupt();
    }
  };
  return (
    <div className="jp-AgentHub-composer">
      <textarea
        ref={input}
        rows={1}
        value={text}
        // Not `disabled`: it would lose the focus, and what is written is not lost while a chat is away.
        readOnly={isSending}
        aria-label={trans.__('Write to %1', agent)}
        placeholder={placeholder(chat, agent, isAtWork, hears)}
        onChange={event => change(event.target.value)}
        onKeyDown={onKeyDown}
        data-lm-suppress-shortcuts="true"
      />
      {problem && (
        <p className="jp-AgentHub-problem" role="alert">
          {problem}
        </p>
      )}
      <div className="jp-AgentHub-composerBar">
        <span className="jp-AgentHub-quiet">
          {isAtWork ? (
            trans.__('said when this turn ends')
          ) : (
            <Sentence words={trans.__('%1 sends, %2 new line', place(1), place(2))}>
              <kbd>{trans.__('Enter')}</kbd>
              <kbd>{trans.__('Shift+Enter')}</kbd>
            </Sentence>
          )}
        </span>
        <button
          type="button"
          className="jp-AgentHub-primary"
          disabled={!hears || isSending || text.trim() === ''}
          onClick={() => void send()}
        >
          {isAtWork ? trans.__('Queue') : trans.__('Send')}
        </button>
      </div>
    </div>
  );
}

/** The states in which the hub takes prompts: it says them as soon as the agent hears. */
const HEARS: ReadonlySet<Chat['status']> = new Set(['queued', 'starting', 'running']);

function placeholder(chat: Chat, agent: string, isAtWork: boolean, hears: boolean): string {
  if (!hears) {
    return hasEnded(chat)
      ? trans.__('Resume this chat to write to %1.', agent)
      : trans.__('%1 cannot be reached now.', agent);
  }
  if (chat.turn?.status === 'waiting') {
    return trans.__('Answer above, or write to %1.', agent);
  }
  return isAtWork
    ? trans.__('Write what %1 is to do next.', agent)
    : trans.__('Write to %1.', agent);
}
