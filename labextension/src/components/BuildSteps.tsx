import React from 'react';

import type { Build, BuildStep } from '../api';
import { duration, elapsed } from '../format';
import { trans } from '../translation';
import { STEP_MARKS, StatusMark } from './StatusMark';

interface IBuildStepsProps {
  build: Build;
  now: number;
  /** Show a step in the log, counted from 1. */
  onChoose: (step: number) => void;
}

/** The steps of a build, with what each one did and how long it took. */
export function BuildSteps(props: IBuildStepsProps): JSX.Element {
  const { build, now } = props;
  return (
    <ol className="jp-AgentHub-steps" aria-label={trans.__('Steps')}>
      {build.steps.map((step, index) => (
        <li key={index}>
          <button
            type="button"
            className={`jp-AgentHub-step jp-mod-${step.state}`}
            aria-current={step.state === 'running' ? 'step' : undefined}
            aria-label={trans.__('%1, %2', step.name, stateWord(step.state))}
            onClick={() => props.onChoose(index + 1)}
          >
            <StatusMark mark={STEP_MARKS[step.state]} />
            <span className="jp-AgentHub-rowBody">
              <span className="jp-AgentHub-line">
                <span className="jp-AgentHub-name">{step.name}</span>
                {step.cached && step.state === 'done' && (
                  <span className="jp-AgentHub-badge">{trans.__('cached')}</span>
                )}
                <span className="jp-AgentHub-time">
                  {step.started_at ? duration(elapsed(step.started_at, step.ended_at, now)) : '–'}
                </span>
              </span>
              <span className="jp-AgentHub-line jp-AgentHub-second">{detail(build, step)}</span>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function detail(build: Build, step: BuildStep): string {
  if (step.state === 'failed' && step.exit_code !== null) {
    return [step.detail, trans.__('exit %1', step.exit_code)].filter(Boolean).join(' · ');
  }
  const stopped = build.state === 'failed' || build.state === 'cancelled';
  return step.state === 'pending' && stopped ? trans.__('not reached') : step.detail;
}

function stateWord(state: BuildStep['state']): string {
  switch (state) {
    case 'pending':
      return trans.__('pending');
    case 'running':
      return trans.__('running');
    case 'done':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
  }
}
