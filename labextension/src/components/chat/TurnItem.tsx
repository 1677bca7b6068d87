import React from 'react';
import { editIcon } from '@jupyterlab/ui-components';

import type { FileChange, Item } from '../../api';
import type { IChatContext } from '../../chatpage/context';
import { hunksOfChange } from '../../chatpage/patch';
import { duration } from '../../format';
import { eyeIcon } from '../../icons';
import { trans } from '../../translation';
import { hasFailed, lineCounts } from '../../turns';
import { StatusMark, type Mark } from '../StatusMark';
import { MessageItem } from './MessageItem';
import { Output } from './Output';
import { PatchView } from './PatchView';
import { Step } from './Step';

interface ITurnItemProps {
  context: IChatContext;
  /** The number of the turn. */
  number: number;
  item: Item;
  /** Whether its turn goes on. */
  isLive: boolean;
  /** Whether a person opened or closed it; else it decides. */
  isOpen: boolean;
}

/** Whether an item shows what is in it before anybody asked. */
export function isOpenAtFirst(item: Item): boolean {
  return item.type === 'command' && (hasFailed(item) || item.status === 'running');
}

/** One thing that happened in a turn. */
export const TurnItem = React.memo((props: ITurnItemProps): JSX.Element | null => {
  const { context, item } = props;
  const fold = {
    isOpen: props.isOpen,
    onToggle: (isOpen: boolean) => context.reading.toggleItem(props.number, item.id, isOpen)
  };
  const isLive = props.isLive && item.status === 'running';
  const mark = <StatusMark mark={markOf(item, props.isLive)} />;
  switch (item.type) {
    case 'message':
      return item.text || isLive ? (
        <MessageItem text={item.text} isLive={isLive} rendermime={context.rendermime} />
      ) : null;
    case 'reasoning':
      return item.text ? (
        <Step
          icon={<eyeIcon.react tag="span" className="jp-AgentHub-stepIcon" />}
          title={trans.__('Thought')}
          hasBody
          {...fold}
        >
          {() => <MessageItem text={item.text} isLive={isLive} rendermime={context.rendermime} />}
        </Step>
      ) : null;
    case 'command':
      return (
        <Step
          icon={mark}
          title={item.command}
          fact={commandFact(item, props.isLive)}
          time={item.seconds === null ? '' : duration(item.seconds * 1000)}
          hasBody={item.text !== ''}
          {...fold}
        >
          {() => <Output text={item.text} />}
        </Step>
      );
    case 'files':
      return (
        <Step
          icon={<editIcon.react tag="span" className="jp-AgentHub-stepIcon" />}
          title={fileTitle(item.changes, item.status)}
          fact={<LineCounts changes={item.changes} />}
          hasBody={item.changes.some(({ diff }) => diff !== '')}
          {...fold}
        >
          {() =>
            item.changes.map(change => (
              <FilePatch
                key={change.path}
                change={change}
                isAlone={item.changes.length === 1}
                context={context}
              />
            ))
          }
        </Step>
      );
    case 'tool':
      return (
        <Step icon={mark} title={item.title} hasBody={item.text !== ''} {...fold}>
          {() => <Output text={item.text} />}
        </Step>
      );
  }
});
TurnItem.displayName = 'TurnItem';

function markOf(item: Item, isLive: boolean): Mark {
  if (hasFailed(item)) {
    return 'failed';
  }
  if (item.status === 'declined') {
    return 'exited';
  }
  // Of a turn that was interrupted nobody says how its commands ended.
  return item.status === 'completed' ? 'done' : isLive ? 'running' : 'exited';
}

function commandFact(item: Extract<Item, { type: 'command' }>, isLive: boolean): string {
  if (item.exit_code !== null) {
    return trans.__('exit %1', item.exit_code);
  }
  switch (item.status) {
    case 'running':
      return isLive ? trans.__('running') : trans.__('interrupted');
    case 'completed':
      return trans.__('completed');
    case 'failed':
      return trans.__('failed');
    case 'declined':
      return trans.__('declined');
  }
}

function fileTitle(changes: readonly FileChange[], status: Item['status']): string {
  const [first] = changes;
  const others = changes.length - 1;
  const what =
    first && others > 0
      ? trans._n('%2 and %1 other file', '%2 and %1 other files', others, first.path)
      : (first?.path ?? '');
  if (status === 'declined') {
    return trans.__('Not changed: %1', what).trim();
  }
  if (status === 'failed') {
    return trans.__('Could not change %1', what).trim();
  }
  switch (first?.kind) {
    case undefined:
      return trans.__('Edited files');
    case 'add':
      return trans.__('Added %1', what);
    case 'delete':
      return trans.__('Deleted %1', what);
    case 'update':
      return trans.__('Edited %1', what);
  }
}

function LineCounts(props: { changes: FileChange[] }): JSX.Element {
  const { added, removed } = lineCounts(props.changes);
  return (
    <>
      +{added} −{removed}
    </>
  );
}

function FilePatch(props: {
  change: FileChange;
  isAlone: boolean;
  context: IChatContext;
}): JSX.Element {
  const { change } = props;
  const hunks = React.useMemo(() => hunksOfChange(change), [change]);
  return (
    <>
      {!props.isAlone && (
        <div className="jp-AgentHub-patchFile">
          <code>{change.path}</code>
        </div>
      )}
      <PatchView path={change.path} hunks={hunks} highlighter={props.context.highlighter} />
    </>
  );
}
