import React from 'react';

import type { Build, BuildStep } from '../api';
import { duration, elapsed } from '../format';
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
    <ol className="jp-AgentHub-steps" aria-label="Steps">
      {build.steps.map((step, index) => (
        <li key={index}>
          <button
            type="button"
            className={`jp-AgentHub-step jp-mod-${step.state}`}
            aria-current={step.state === 'running' ? 'step' : undefined}
            aria-label={`${step.name}, ${step.state}`}
            onClick={() => props.onChoose(index + 1)}
          >
            <StatusMark mark={STEP_MARKS[step.state]} />
            <span className="jp-AgentHub-rowBody">
              <span className="jp-AgentHub-line">
                <span className="jp-AgentHub-name">{step.name}</span>
                {step.cached && step.state === 'done' && (
                  <span className="jp-AgentHub-badge">cached</span>
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
    return [step.detail, `exit ${step.exit_code}`].filter(Boolean).join(' · ');
  }
  const stopped = build.state === 'failed' || build.state === 'cancelled';
  return step.state === 'pending' && stopped ? 'not reached' : step.detail;
}
