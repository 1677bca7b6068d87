import React from 'react';
import { addIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Build, Project } from '../api';
import { currentStep, isBuilding, projectWords, shortHash } from '../format';
import { hubIcon } from '../icons';
import { openMenu, projectMenu } from '../menus';
import { CommandIDs } from '../tokens';
import { Highlight } from './Highlight';
import { IconButton } from './IconButton';
import { BUILD_MARKS, StatusMark } from './StatusMark';
import { TreeItem } from './Tree';

interface IProjectRowProps {
  project: Project;
  query: string;
  commands: CommandRegistry;
}

/** One line for a project that is ready; a second one while it is built, and where that failed. */
export function ProjectRow(props: IProjectRowProps): JSX.Element {
  const { project, commands } = props;
  const args = { project: project.id };
  const { build } = project;
  const words = projectWords(project);
  const ready = words === 'Ready';
  const run = (command: string) => () => void commands.execute(command, args);
  const onMenu = (x: number, y: number) => openMenu(projectMenu(commands, project), x, y);
  const open = build ? run(CommandIDs.openBuild) : run(CommandIDs.projectSettings);

  return (
    <TreeItem
      id={project.id}
      className={`jp-AgentHub-row jp-AgentHub-project${ready ? '' : ' jp-mod-two'}`}
      label={`${project.name}, ${words}`}
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
          <span className={`jp-AgentHub-state${ready ? ' jp-mod-quiet' : ''}`}>
            <StatusMark mark={build ? BUILD_MARKS[build.state] : 'pending'} />
            <span>{words}</span>
            {ready && project.snapshot && (
              <span>
                · <code>{shortHash(project.snapshot.image)}</code>
              </span>
            )}
          </span>
          <span className="jp-AgentHub-actions">
            <IconButton
              icon={addIcon}
              label={`New chat in ${project.name}`}
              tabbable={false}
              onClick={run(CommandIDs.newChat)}
            />
            <IconButton
              icon={ellipsesIcon}
              label="More"
              tabbable={false}
              onClick={event => onMenu(event.clientX, event.clientY)}
            />
          </span>
        </div>
        {build && isBuilding(build) && (
          <div className="jp-AgentHub-line jp-AgentHub-second">
            <progress max={1} value={build.progress} aria-label="Build" />
            {build.steps.length > 0 && (
              <span>
                step {Math.max(1, currentStep(build))}/{build.steps.length}
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
              Open log
            </button>
          </div>
        )}
        {!build && !project.snapshot && (
          <div className="jp-AgentHub-line jp-AgentHub-second">
            <span className="jp-AgentHub-cause">No snapshot yet</span>
          </div>
        )}
      </div>
    </TreeItem>
  );
}

function cause(build: Build): string {
  const step = currentStep(build);
  if (build.state === 'cancelled') {
    return step > 0 ? `Stopped at step ${step}` : 'Stopped before its first step';
  }
  const message = build.error?.message ?? 'The build failed.';
  return build.steps.some(step => step.state === 'failed') ? `Step ${step}: ${message}` : message;
}
