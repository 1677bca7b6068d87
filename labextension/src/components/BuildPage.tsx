import React, { useState } from 'react';
import { copyIcon, downloadIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { BuildLog } from '../buildlog';
import { currentStep, isBuilding } from '../format';
import type { HubModel } from '../model';
import { trans } from '../translation';
import { BuildFailure } from './BuildFailure';
import { BuildHeader } from './BuildHeader';
import { BuildSteps } from './BuildSteps';
import { IconButton } from './IconButton';
import { LogView } from './LogView';
import { useModel, useNow, useSignal } from './hooks';

interface IBuildPageProps {
  project: string;
  model: HubModel;
  log: BuildLog;
  commands: CommandRegistry;
  onCopy: () => void;
  onDownload: () => void;
}

/** A project's newest build: its steps, and its output as it comes. */
export function BuildPage(props: IBuildPageProps): JSX.Element {
  const { model, log, commands } = props;
  useModel(model);
  useSignal(log.changed);
  const project = model.project(props.project);
  const build = project?.build ?? null;
  const now = useNow(1000, isBuilding(build));
  const [isFollowing, setFollowing] = useState<boolean | null>(null);
  const [isWrapped, setWrapped] = useState(true);
  const [hasTimes, setTimes] = useState(true);
  const [target, setTarget] = useState<{ line: number } | null>(null);

  if (!project || !build) {
    return (
      <div className="jp-AgentHub-empty">
        <p>
          {project
            ? trans.__('This project was not built yet.')
            : trans.__('This project is gone.')}
        </p>
      </div>
    );
  }

  const follow = isFollowing ?? build.state !== 'ready';
  const waiting = model.chats.filter(
    chat => chat.project === project.id && chat.status === 'queued'
  ).length;
  const choose = (step: number) => {
    const line = log.lines.findIndex(found => found.step === step);
    if (line >= 0) {
      setFollowing(false);
      setTarget({ line });
    }
  };

  return (
    <div className="jp-AgentHub-build" data-project={project.id}>
      <BuildHeader
        project={project}
        build={build}
        defaultBase={model.status?.default_base ?? ''}
        waiting={waiting}
        now={now}
        model={model}
        commands={commands}
      />
      <div className="jp-AgentHub-buildBody">
        <BuildSteps build={build} now={now} onChoose={choose} />
        <div className="jp-AgentHub-output">
          <BuildFailure build={build} commands={commands} />
          <div className="jp-AgentHub-logBar">
            <b>{trans.__('Log')}</b>
            <span className="jp-AgentHub-quiet">
              {build.state !== 'ready' && (
                <>{trans.__('step %1', Math.max(1, currentStep(build)))} · </>
              )}
              {trans._n('%1 line', '%1 lines', log.lines.length)}
            </span>
            <span className="jp-AgentHub-spacer" />
            <label>
              <input
                type="checkbox"
                checked={follow}
                onChange={event => setFollowing(event.target.checked)}
              />
              {trans.__('Follow')}
            </label>
            <label>
              <input
                type="checkbox"
                checked={isWrapped}
                onChange={event => setWrapped(event.target.checked)}
              />
              {trans.__('Wrap')}
            </label>
            <label>
              <input
                type="checkbox"
                checked={hasTimes}
                onChange={event => setTimes(event.target.checked)}
              />
              {trans.__('Timestamps')}
            </label>
            <IconButton icon={copyIcon} label={trans.__('Copy log')} onClick={props.onCopy} />
            <IconButton
              icon={downloadIcon}
              label={trans.__('Download log')}
              onClick={props.onDownload}
            />
          </div>
          {log.lines.length === 0 ? (
            <p className="jp-AgentHub-logEmpty">
              {isBuilding(build)
                ? trans.__('Waiting for the first line…')
                : trans.__('This build left no output.')}
            </p>
          ) : (
            <LogView
              lines={log.lines}
              follow={follow}
              wrap={isWrapped}
              timestamps={hasTimes}
              target={target}
              onFollow={setFollowing}
            />
          )}
        </div>
      </div>
    </div>
  );
}
