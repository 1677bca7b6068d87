import React from 'react';
import type { LabIcon } from '@jupyterlab/ui-components';

import { activityOf } from '../activity';
import type { BuildState, Chat, ChatStatus, StepState, TurnStatus } from '../api';
import {
  doneMark,
  exitedMark,
  failedMark,
  pendingMark,
  readyMark,
  runningMark,
  startingMark,
  warningMark
} from '../icons';

export type Mark =
  'running' | 'starting' | 'pending' | 'ready' | 'done' | 'exited' | 'failed' | 'warning';

export const MARKS: Record<Mark, LabIcon> = {
  running: runningMark,
  starting: startingMark,
  pending: pendingMark,
  ready: readyMark,
  done: doneMark,
  exited: exitedMark,
  failed: failedMark,
  warning: warningMark
};

const CHAT_MARKS: Record<ChatStatus, Mark> = {
  queued: 'starting',
  starting: 'starting',
  running: 'running',
  stopping: 'pending',
  exited: 'exited',
  failed: 'failed',
  unknown: 'pending',
  deleting: 'pending'
};

const TURN_MARKS: Partial<Record<TurnStatus, Mark>> = {
  waiting: 'warning',
  completed: 'done',
  failed: 'failed',
  interrupted: 'exited'
};

/** The mark of a chat: of one that runs, of what its agent is doing. */
export function chatMark(chat: Chat, isUnknown: boolean): Mark {
  if (isUnknown) {
    return CHAT_MARKS.unknown;
  }
  if (activityOf(chat) === 'ready') {
    return 'ready';
  }
  const ofTurn = chat.status === 'running' && chat.turn ? TURN_MARKS[chat.turn.status] : undefined;
  return ofTurn ?? CHAT_MARKS[chat.status];
}

export const BUILD_MARKS: Record<BuildState, Mark> = {
  queued: 'starting',
  cloning: 'running',
  building: 'running',
  ready: 'ready',
  failed: 'failed',
  cancelled: 'exited'
};

export const STEP_MARKS: Record<StepState, Mark> = {
  pending: 'pending',
  running: 'running',
  done: 'done',
  failed: 'failed',
  cancelled: 'exited'
};

/** The icon beside a status word; the word itself is the text. */
export function StatusMark(props: { mark: Mark }): JSX.Element {
  const Icon = MARKS[props.mark];
  return (
    <span className={`jp-AgentHub-mark jp-mod-${props.mark}`} aria-hidden="true">
      <Icon.react tag="span" />
    </span>
  );
}
