import React from 'react';
import type { CommandRegistry } from '@lumino/commands';

import { withoutColours } from '../buildlog';
import type { Build } from '../api';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { Banner } from './Banner';

/** How many of the last lines of output are repeated beside the cause. */
const TAIL = 4;

interface IBuildFailureProps {
  build: Build;
  commands: CommandRegistry;
}

/** Why a build failed, what to do about it, and the means to do it. */
export function BuildFailure(props: IBuildFailureProps): JSX.Element | null {
  const { build, commands } = props;
  const { error } = build;
  if (build.state !== 'failed' || !error) {
    return null;
  }
  const args = { project: build.project };
  const tail = lastLines(error.details?.tail);
  const isSetup = error.code.startsWith('setup');
  return (
    <Banner kind="error" title={error.message}>
      {error.hint && <p>{error.hint}</p>}
      {tail !== '' && <pre>{tail}</pre>}
      <div className="jp-AgentHub-bannerActions">
        <button
          type="button"
          className="jp-AgentHub-primary"
          onClick={() =>
            void commands.execute(CommandIDs.projectSettings, {
              ...args,
              focus: isSetup ? 'setup' : 'base'
            })
          }
        >
          {isSetup ? trans.__('Edit setup script') : trans.__('Edit settings')}
        </button>
        <button
          type="button"
          className="jp-AgentHub-plain"
          onClick={() => void commands.execute(CommandIDs.buildProject, args)}
        >
          {trans.__('Build again')}
        </button>
      </div>
    </Banner>
  );
}

function lastLines(tail: unknown): string {
  const lines = Array.isArray(tail)
    ? tail.map(String)
    : (typeof tail === 'string' ? tail : '').split('\n');
  return withoutColours(
    lines
      .filter(line => line.trim() !== '')
      .slice(-TAIL)
      .join('\n')
  );
}
