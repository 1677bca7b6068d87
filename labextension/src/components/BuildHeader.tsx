import React from 'react';
import { ellipsesIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Build, Project } from '../api';
import {
  buildSource,
  count,
  currentStep,
  duration,
  elapsed,
  isBuilding,
  moment,
  projectWords,
  tokenWords
} from '../format';
import { branchIcon, hubIcon } from '../icons';
import { openMenu, projectMenu } from '../menus';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { IconButton } from './IconButton';
import { BUILD_MARKS, StatusMark } from './StatusMark';

interface IBuildHeaderProps {
  project: Project;
  build: Build;
  /** What stands in for a base that the project does not name. */
  defaultBase: string;
  /** How many chats start when the build is ready. */
  waiting: number;
  now: number;
  model: HubModel;
  commands: CommandRegistry;
}

const TINTS: Partial<Record<Build['state'], string>> = {
  failed: ' jp-mod-error',
  ready: ' jp-mod-success',
  cancelled: ''
};

/** What is built, from what, how far it is, and what can be done about it. */
export function BuildHeader(props: IBuildHeaderProps): JSX.Element {
  const { project, build, model, commands } = props;
  const args = { project: project.id };
  const goesOn = isBuilding(build);
  const step = currentStep(build);
  const { branch, base } = buildSource(build, project, props.defaultBase);
  const took = duration(elapsed(build.started_at, build.ended_at, props.now));
  const stopped = build.state === 'failed' || build.state === 'cancelled';
  return (
    <div className="jp-AgentHub-buildHeader">
      <div className="jp-AgentHub-line">
        <hubIcon.react tag="span" className="jp-AgentHub-titleIcon" />
        <h2 title={project.name}>Build {project.name}</h2>
        <span className="jp-AgentHub-quiet">build {build.number}</span>
        <span className="jp-AgentHub-spacer" />
        <span className={`jp-AgentHub-chip${TINTS[build.state] ?? ' jp-mod-brand'}`} role="status">
          <StatusMark mark={BUILD_MARKS[build.state]} />
          {projectWords(project)}
        </span>
        {goesOn ? (
          <button
            type="button"
            className="jp-AgentHub-plain"
            onClick={() => void commands.execute(CommandIDs.cancelBuild, args)}
          >
            <stopIcon.react tag="span" />
            Cancel build
          </button>
        ) : (
          <button
            type="button"
            className="jp-AgentHub-plain"
            onClick={() => void commands.execute(CommandIDs.buildProject, args)}
          >
            <refreshIcon.react tag="span" />
            Build again
          </button>
        )}
        <IconButton
          icon={ellipsesIcon}
          label="More"
          onClick={event =>
            openMenu(projectMenu(commands, model, project), event.clientX, event.clientY)
          }
        />
      </div>
      <div className="jp-AgentHub-line jp-AgentHub-buildFacts">
        {(branch || build.commit) && (
          <span>
            <branchIcon.react tag="span" className="jp-AgentHub-factIcon" />
            {branch && <code>{branch}</code>}
            {build.commit && (
              <>
                {branch ? ' at ' : 'at '}
                <code>{build.commit.slice(0, 7)}</code>
              </>
            )}
          </span>
        )}
        {base && (
          <span>
            from <code>{base}</code>
          </span>
        )}
        {build.steps.length > 0 && build.state !== 'ready' && (
          <span>
            {stopped ? 'stopped at step ' : 'step '}
            <b>
              {Math.max(1, step)} of {build.steps.length}
            </b>
          </span>
        )}
        {build.started_at && (
          <span>
            {goesOn ? '' : stopped ? 'after ' : 'took '}
            <b>{took}</b>
          </span>
        )}
        {build.ended_at && <span>{moment(build.ended_at)}</span>}
        {stopped && (
          <span>
            last good snapshot: {project.snapshot ? moment(project.snapshot.created_at) : 'none'}
          </span>
        )}
        {tokenWords(project) && <span>its chats took {tokenWords(project)}</span>}
        {goesOn && props.waiting > 0 && (
          <span>
            {count(props.waiting, 'chat')} {props.waiting === 1 ? 'waits' : 'wait'} for this build
          </span>
        )}
      </div>
      {goesOn && <progress max={1} value={build.progress} aria-label="Build" />}
    </div>
  );
}
