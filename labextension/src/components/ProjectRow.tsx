import React from 'react';
import { addIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Build, Project } from '../api';
import { currentStep, isBuilding, isReady, projectWords, shortHash, tokenWords } from '../format';
import { hubIcon } from '../icons';
import { openMenu, projectMenu } from '../menus';
import type { HubModel } from '../model';
import type { IOutage } from '../outage';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { Highlight } from './Highlight';
import { RowActions } from './RowActions';
import { BUILD_MARKS, StatusMark } from './StatusMark';
import { TreeItem, type ITreePlace } from './Tree';

/** The height of a row in pixels: of one line where the project is ready, else of two. */
export function projectHeight(project: Project): number {
  return isReady(project) ? 24 : 46;
}

interface IProjectRowProps {
  project: Project;
  query: string;
  outage: IOutage | null;
  /** Whether the page of its build is the current one. */
  isShown: boolean;
  place: ITreePlace;
  position: number;
  count: number;
  model: HubModel;
  commands: CommandRegistry;
}

/** One line for a project that is ready; a second one while it is built, and where that failed. */
export const ProjectRow = React.memo((props: IProjectRowProps): JSX.Element => {
  const { project, outage, model, commands } = props;
  const args = { project: project.id };
  const { build } = project;
  const words = projectWords(project);
  const ready = isReady(project);
  const spares =
    project.spares > 0
      ? trans._n('%1 chat ready to start', '%1 chats ready to start', project.spares)
      : '';
  const run = (command: string) => () => void commands.execute(command, args);
  const onMenu = (x: number, y: number) => openMenu(projectMenu(commands, model, project), x, y);
  const open = build ? run(CommandIDs.openBuild) : run(CommandIDs.projectSettings);

  return (
    <TreeItem
      id={project.id}
      className={`jp-AgentHub-row jp-AgentHub-project${ready ? '' : ' jp-mod-two'}`}
      label={[project.name, words, spares].filter(Boolean).join(', ')}
      isShown={props.isShown}
      place={props.place}
      position={props.position}
      count={props.count}
      keys={{
        F2: run(CommandIDs.projectSettings),
        Delete: run(CommandIDs.deleteProject),
        '/': () => void commands.execute(CommandIDs.filter)
      }}
      onOpen={open}
      onMenu={onMenu}
    >
      <hubIcon.react tag="span" className="jp-AgentHub-rowIcon" />
      <div className="jp-AgentHub-rowBody">
        <div className="jp-AgentHub-line">
          <span className="jp-AgentHub-name" title={project.name}>
            <Highlight text={project.name} query={props.query} />
          </span>
          <span
            className={`jp-AgentHub-state${ready ? ' jp-mod-quiet' : ''}`}
            title={[words, spares, tokenWords(project)].filter(Boolean).join(' · ')}
          >
            <StatusMark mark={build ? BUILD_MARKS[build.state] : 'pending'} />
            <span>{words}</span>
            {ready && project.snapshot && (
              <span>
                · <code>{shortHash(project.snapshot.image)}</code>
              </span>
            )}
          </span>
          <RowActions
            actions={[
              {
                icon: addIcon,
                label: trans.__('New chat in %1', project.name),
                onClick: run(CommandIDs.newChat),
                blocked: outage?.reason
              }
            ]}
            onMenu={onMenu}
          />
        </div>
        {build && isBuilding(build) && (
          <div className="jp-AgentHub-line jp-AgentHub-second">
            <progress max={1} value={build.progress} aria-label={trans._p('noun', 'Build')} />
            {build.steps.length > 0 && (
              <span>
                {trans.__('step %1/%2', Math.max(1, currentStep(build)), build.steps.length)}
              </span>
            )}
          </div>
        )}
        {build && (build.state === 'failed' || build.state === 'cancelled') && (
          <div className="jp-AgentHub-line jp-AgentHub-second">
            <span className="jp-AgentHub-cause" title={build.error?.message}>
              {cause(build)}
            </span>
            <button
              type="button"
              className="jp-AgentHub-link"
              tabIndex={-1}
              onClick={event => {
                event.stopPropagation();
                run(CommandIDs.openBuild)();
              }}
            >
              {trans.__('Open log')}
            </button>
          </div>
        )}
        {!build && !project.snapshot && (
          <div className="jp-AgentHub-line jp-AgentHub-second">
            <span className="jp-AgentHub-cause">{trans.__('No snapshot yet')}</span>
          </div>
        )}
      </div>
    </TreeItem>
  );
});
ProjectRow.displayName = 'ProjectRow';

function cause(build: Build): string {
  const step = currentStep(build);
  if (build.state === 'cancelled') {
    return step > 0
      ? trans.__('Stopped at step %1', step)
      : trans.__('Stopped before its first step');
  }
  const message = build.error?.message ?? trans.__('The build failed.');
  return build.steps.some(step => step.state === 'failed')
    ? trans.__('Step %1: %2', step, message)
    : message;
}
