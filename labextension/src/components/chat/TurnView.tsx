import React, { useEffect, useState } from 'react';
import { caretRightIcon } from '@jupyterlab/ui-components';

import type { Artifact, Turn } from '../../api';
import type { IChatContext } from '../../chatpage/context';
import type { IKnownTurn } from '../../chatpage/conversation';
import { duration, elapsed } from '../../format';
import { refused } from '../../notices';
import { trans } from '../../translation';
import { isAtWork, isOver, summary } from '../../turns';
import { StatusMark } from '../StatusMark';
import { useSignal } from '../hooks';
import { ApprovalCard } from './ApprovalCard';
import { Prompt } from './Prompt';
import { Thumbnails } from './Thumbnails';
import { isOpenAtFirst, TurnItem } from './TurnItem';

/** The most items of a turn that are drawn at first. */
const MOST_ITEMS = 60;

interface ITurnViewProps {
  context: IChatContext;
  known: IKnownTurn;
  /** How many turns there are after it. */
  behind: number;
  /** What was published in it. */
  artifacts: readonly Artifact[];
  agent: string;
}

/** A prompt, and all that the agent did about it. */
export const TurnView = React.memo((props: ITurnViewProps): JSX.Element => {
  const { context, known, behind, artifacts } = props;
  const { turn } = known;
  const { reading, conversation } = context;
  useSignal(reading.changed);
  const atWork = isAtWork(turn);
  const isOpen = reading.isTurnOpen(turn.number, behind, atWork);
  useEffect(() => {
    if (isOpen) {
      void conversation.load(turn.number);
    }
  }, [conversation, isOpen, turn.number]);
  return (
    <section
      className="jp-AgentHub-turn"
      aria-label={trans.__('Turn %1', turn.number)}
      data-turn={turn.number}
    >
      <button
        type="button"
        className={`jp-AgentHub-turnNumber${atWork ? ' jp-mod-live' : ''}`}
        aria-expanded={isOpen}
        aria-label={trans.__('Turn %1', turn.number)}
        title={isOpen ? trans.__('Fold') : trans.__('Unfold')}
        onClick={() => reading.toggleTurn(turn.number, !isOpen)}
      >
        [{atWork ? '*' : turn.number}]:
      </button>
      <div className="jp-AgentHub-turnBody">
        {turn.prompt !== '' && <Prompt text={turn.prompt} />}
        {isOpen ? <TurnItems {...props} /> : <TurnFold context={context} known={known} />}
        {isOpen && artifacts.length > 0 && (
          <Thumbnails artifacts={artifacts} model={context.model} commands={context.commands} />
        )}
        {turn.approvals.map(approval => (
          <ApprovalCard
            key={approval.id}
            context={context}
            approval={approval}
            item={turn.items.find(({ id }) => id === approval.item)}
            agent={props.agent}
          />
        ))}
        <TurnEnd turn={turn} context={context} />
      </div>
    </section>
  );
});
TurnView.displayName = 'TurnView';

/** The line that a turn folds to. */
function TurnFold(props: Pick<ITurnViewProps, 'context' | 'known'>): JSX.Element | null {
  const { turn, items } = props.known;
  if (!turn.started_at) {
    // What became of a prompt that was never said is told below it.
    return null;
  }
  const words =
    items === 'whole' ? summary(turn.items) || trans.__('No answer') : endWord(turn.status);
  const took = duration(elapsed(turn.started_at, turn.ended_at));
  return (
    <button
      type="button"
      className="jp-AgentHub-turnFold"
      aria-expanded={false}
      onClick={() => props.context.reading.toggleTurn(turn.number, true)}
    >
      <caretRightIcon.react tag="span" className="jp-AgentHub-caret" />
      <span>{words}</span>
      <span className="jp-AgentHub-stepTime">{took}</span>
    </button>
  );
}

function endWord(status: Turn['status']): string {
  switch (status) {
    case 'completed':
      return trans.__('Finished');
    case 'failed':
      return trans.__('Could not go on');
    case 'interrupted':
      return trans.__('Interrupted');
    default:
      return '';
  }
}

function TurnItems(props: ITurnViewProps): JSX.Element {
  const { context, known } = props;
  const { turn } = known;
  const { reading, conversation } = context;
  const [most, setMost] = useState(MOST_ITEMS);
  const shown = turn.items.slice(-most);
  const left = turn.items.length - shown.length;
  return (
    <>
      {left > 0 && (
        <button
          type="button"
          className="jp-AgentHub-link"
          onClick={() => setMost(most => most + MOST_ITEMS)}
        >
          {trans._n(
            'Show %1 earlier step of %2',
            'Show %1 earlier steps of %2',
            Math.min(left, MOST_ITEMS),
            left
          )}
        </button>
      )}
      {shown.map(item => (
        <TurnItem
          key={item.id}
          context={context}
          number={turn.number}
          item={item}
          isLive={!isOver(turn)}
          isOpen={reading.isItemOpen(turn.number, item.id, isOpenAtFirst(item))}
        />
      ))}
      {known.items === 'loading' && shown.length === 0 && (
        <p className="jp-AgentHub-quiet">{trans.__('Fetching what happened…')}</p>
      )}
      {known.items === 'failed' && (
        <p className="jp-AgentHub-turnProblem">
          {known.problem}{' '}
          <button
            type="button"
            className="jp-AgentHub-link"
            onClick={() => void conversation.load(turn.number)}
          >
            {trans.__('Try again')}
          </button>
        </p>
      )}
      {turn.left_out > 0 && (
        <p className="jp-AgentHub-quiet">
          {trans._n(
            '%1 character of this turn was too many to keep.',
            '%1 characters of this turn were too many to keep.',
            turn.left_out
          )}
        </p>
      )}
    </>
  );
}

/** How a turn ended where it did not end well, or that it waits. */
function TurnEnd(props: { turn: Turn; context: IChatContext }): JSX.Element | null {
  const { turn, context } = props;
  if (turn.status === 'queued') {
    return (
      <div className="jp-AgentHub-turnEnd">
        <StatusMark mark="starting" />
        <span>{trans.__('Said when the turn before it ends.')}</span>
        <button
          type="button"
          className="jp-AgentHub-link"
          onClick={() =>
            void context.conversation
              .interrupt(turn.number)
              .then(() => context.reading.giveBack(turn.prompt))
              .catch(refused(trans.__('Could not take the prompt back')))
          }
        >
          {trans.__('Take back')}
        </button>
      </div>
    );
  }
  if (turn.status === 'failed') {
    return (
      <div className="jp-AgentHub-turnEnd jp-mod-failed">
        <StatusMark mark="failed" />
        <span>
          <strong>
            {turn.error?.message.replace(/^Agent Hub: /, '') ||
              trans.__('The agent could not go on.')}
          </strong>{' '}
          {turn.error?.hint}
        </span>
      </div>
    );
  }
  if (turn.status === 'interrupted') {
    return (
      <div className="jp-AgentHub-turnEnd">
        <StatusMark mark="exited" />
        <span>
          {turn.agent_turn
            ? trans.__('Interrupted')
            : (turn.error?.message ?? trans.__('Taken back'))}
        </span>
      </div>
    );
  }
  return null;
}
