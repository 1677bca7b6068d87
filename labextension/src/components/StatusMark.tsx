import React from 'react';
import type { LabIcon } from '@jupyterlab/ui-components';

import type { BuildState, ChatStatus, StepState } from '../api';
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

export const CHAT_MARKS: Record<ChatStatus, Mark> = {
  queued: 'starting',
  starting: 'starting',
  running: 'running',
  stopping: 'pending',
  exited: 'exited',
  failed: 'failed',
  unknown: 'pending',
  deleting: 'pending'
};

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
