import React from 'react';
import { addIcon, ellipsesIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Build, Project } from '../api';
import {
  buildSource,
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
import { trans } from '../translation';
import { IconButton } from './IconButton';
import { place, Sentence } from './Sentence';
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
        <h2 title={project.name}>{trans.__('Build %1', project.name)}</h2>
        <span className="jp-AgentHub-quiet">{trans.__('build %1', build.number)}</span>
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
            {trans.__('Cancel build')}
          </button>
        ) : (
          <button
            type="button"
            className="jp-AgentHub-plain"
            onClick={() => void commands.execute(CommandIDs.buildProject, args)}
          >
            <refreshIcon.react tag="span" />
            {trans.__('Build again')}
          </button>
        )}
        {build.state === 'ready' && (
          <button
            type="button"
            className="jp-AgentHub-primary"
            disabled={model.outage !== null}
            title={model.outage?.reason}
            onClick={() => void commands.execute(CommandIDs.newChat, args)}
          >
            <addIcon.react tag="span" />
            {trans.__('New chat')}
          </button>
        )}
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('More')}
          onClick={event =>
            openMenu(projectMenu(commands, model, project), event.clientX, event.clientY)
          }
        />
      </div>
      <div className="jp-AgentHub-line jp-AgentHub-buildFacts">
        {(branch || build.commit) && (
          <span>
            <branchIcon.react tag="span" className="jp-AgentHub-factIcon" />
            <Source branch={branch} commit={build.commit?.slice(0, 7) ?? ''} />
          </span>
        )}
        {base && (
          <span>
            <Sentence words={trans.__('from %1', place(1))}>
              <code>{base}</code>
            </Sentence>
          </span>
        )}
        {build.steps.length > 0 && build.state !== 'ready' && (
          <span>
            <Sentence
              words={
                stopped ? trans.__('stopped at step %1', place(1)) : trans.__('step %1', place(1))
              }
            >
              <b>{trans.__('%1 of %2', Math.max(1, step), build.steps.length)}</b>
            </Sentence>
          </span>
        )}
        {build.started_at && (
          <span>
            <Sentence words={tookWords(build.state)}>
              <b>{took}</b>
            </Sentence>
          </span>
        )}
        {build.ended_at && <span>{moment(build.ended_at)}</span>}
        {stopped && (
          <span>
            {project.snapshot
              ? trans.__('last good snapshot: %1', moment(project.snapshot.created_at))
              : trans.__('last good snapshot: none')}
          </span>
        )}
        {tokenWords(project) && <span>{trans.__('its chats took %1', tokenWords(project))}</span>}
        {goesOn && props.waiting > 0 && (
          <span>
            {trans._n(
              '%1 chat waits for this build',
              '%1 chats wait for this build',
              props.waiting
            )}
          </span>
        )}
      </div>
      {goesOn && <progress max={1} value={build.progress} aria-label={trans._p('noun', 'Build')} />}
    </div>
  );
}

/** Which commit of which branch it is, as far as that is known. */
function Source({ branch, commit }: { branch: string; commit: string }): JSX.Element {
  if (branch && commit) {
    return (
      <Sentence words={trans.__('%1 at %2', place(1), place(2))}>
        <code>{branch}</code>
        <code>{commit}</code>
      </Sentence>
    );
  }
  return branch ? (
    <code>{branch}</code>
  ) : (
    <Sentence words={trans.__('at %1', place(1))}>
      <code>{commit}</code>
    </Sentence>
  );
}

/** What is said of the time that a build has taken. */
function tookWords(state: Build['state']): string {
  switch (state) {
    case 'failed':
    case 'cancelled':
      return trans.__('after %1', place(1));
    case 'ready':
      return trans.__('took %1', place(1));
    default:
      return place(1);
  }
}
