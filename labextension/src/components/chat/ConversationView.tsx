import React, { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { stopIcon } from '@jupyterlab/ui-components';

import type { IChatContext } from '../../chatpage/context';
import { byTurn } from '../../chatpage/published';
import { TURNS_AT_ONCE } from '../../chatpage/reading';
import { duration, elapsed } from '../../format';
import { atVersion } from '../../gallery';
import { refused } from '../../notices';
import { trans } from '../../translation';
import { StatusMark } from '../StatusMark';
import { useModel, useNow, useSignal, useSignalByFrame } from '../hooks';
import { Composer } from './Composer';
import { TurnView } from './TurnView';

/** How far from the end it may be scrolled and still follow, in pixels. */
const SLACK = 24;

/** Of the newest turns, those whose summaries are fetched before anybody opens them. */
const SUMMARIES = 20;

/** A chat's conversation, and where a person writes to the agent. */
export function ConversationView(props: { context: IChatContext }): JSX.Element {
  const { context } = props;
  const { model, conversation, reading, history } = context;
  useModel(model, ['chat', 'artifact', 'status']);
  useSignal(reading.changed);
  useSignal(history.changed);
  useSignalByFrame(conversation.changed);
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [hasNews, setNews] = useState(false);
  const { turns, current } = conversation;
  const chat = model.chat(context.chat);
  const artifacts = model.artifactsOf(context.chat);
  const { revision } = history;
  const files = useMemo(
    () => artifacts.flatMap(one => history.of(one).map(version => atVersion(one, version))),
    // Of the same artifacts there are other versions once they have been asked for.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [artifacts, history, revision]
  );
  const published = useMemo(
    () => new Map(byTurn(files, turns).map(group => [group.turn?.number, group.artifacts])),
    [files, turns]
  );

  const toEnd = () => {
    const { current: box } = scroller;
    if (box) {
      box.scrollTop = box.scrollHeight;
    }
  };
  useLayoutEffect(() => {
    if (reading.isFollowing) {
      toEnd();
    } else if (scroller.current) {
      scroller.current.scrollTop = reading.top;
    }
    const observer = new ResizeObserver(() => {
      if (reading.isFollowing) {
        toEnd();
      }
    });
    observer.observe(content.current!);
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, [reading]);
  useEffect(() => {
    const slot = () => {
      if (!reading.isFollowing) {
        setNews(true);
      }
    };
    conversation.changed.connect(slot);
    return () => {
      conversation.changed.disconnect(slot);
    };
  }, [conversation, reading]);
  useEffect(() => {
    const recent = turns.slice(-SUMMARIES);
    const next = recent.findLast(({ items }) => items === 'heads');
    if (next && !recent.some(({ items }) => items === 'loading')) {
      void conversation.load(next.turn.number);
    }
  }, [conversation, turns]);

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < SLACK;
    // Only who scrolls up stops following: that the end has moved away is no wish.
    if (isAtEnd) {
      reading.isFollowing = true;
      setNews(false);
    } else if (scrollTop < reading.top) {
      reading.isFollowing = false;
    }
    reading.top = scrollTop;
  };
  const follow = () => {
    reading.isFollowing = true;
    setNews(false);
    toEnd();
  };
  const interrupt = () => {
    if (current) {
      conversation
        .interrupt(current.number)
        .catch(refused(trans.__('Could not interrupt the agent')));
    }
  };

  if (!chat) {
    return <></>;
  }
  const agent = model.agentTitle(chat.agent);
  const shown = turns.slice(-reading.most);
  const older = turns.length - shown.length;
  // What waits to be said folds nothing.
  const last = shown.findLastIndex(({ turn }) => turn.status !== 'queued');
  return (
    <>
      <div className="jp-AgentHub-scroll">
        <div
          ref={scroller}
          className="jp-AgentHub-turns"
          role="log"
          // Word for word, as an agent speaks, it would be too much to be read out.
          aria-live="off"
          aria-label={trans.__('Conversation')}
          tabIndex={0}
          onScroll={onScroll}
        >
          <div ref={content} className="jp-AgentHub-turnsContent">
            {older > 0 && (
              <button
                type="button"
                className="jp-AgentHub-link"
                onClick={() => {
                  reading.isFollowing = false;
                  reading.showMore();
                }}
              >
                {trans._n(
                  'Show %1 earlier turn of %2',
                  'Show %1 earlier turns of %2',
                  Math.min(older, TURNS_AT_ONCE),
                  older
                )}
              </button>
            )}
            {conversation.isKnown && turns.length === 0 && (
              <p className="jp-AgentHub-quiet">
                {trans.__('Nothing was said yet. Write to %1 below, or in its terminal.', agent)}
              </p>
            )}
            {shown.map((known, index) => (
              <TurnView
                key={known.turn.number}
                context={context}
                known={known}
                behind={Math.max(0, last - index)}
                artifacts={published.get(known.turn.number) ?? NONE}
                agent={agent}
              />
            ))}
            {current && (
              <AtWork
                since={current.started_at}
                isWaiting={current.status === 'waiting'}
                onInterrupt={interrupt}
              />
            )}
          </div>
        </div>
        {hasNews && (
          <button type="button" className="jp-AgentHub-plain jp-AgentHub-news" onClick={follow}>
            {trans.__('New text below')}
          </button>
        )}
      </div>
      <Composer
        context={context}
        chat={chat}
        agent={agent}
        isAtWork={current !== undefined}
        onInterrupt={interrupt}
        onSent={follow}
      />
    </>
  );
}

const NONE: readonly never[] = [];

interface IAtWorkProps {
  since: string | null;
  isWaiting: boolean;
  onInterrupt: () => void;
}

/** For how long the agent has been at work, and how to end that. */
function AtWork(props: IAtWorkProps): JSX.Element {
  const now = useNow(1000);
  return (
    <div className="jp-AgentHub-atWork">
      <StatusMark mark={props.isWaiting ? 'warning' : 'running'} />
      <span>
        {props.isWaiting
          ? trans.__('Waiting for you')
          : trans.__('Working for %1', duration(elapsed(props.since, null, now)))}
      </span>
      <span className="jp-AgentHub-spacer" />
      <button type="button" className="jp-AgentHub-plain" onClick={props.onInterrupt}>
        <stopIcon.react tag="span" />
        {trans.__('Interrupt')} <kbd>{trans.__('Esc')}</kbd>
      </button>
    </div>
  );
}
