import React from 'react';
import { Clipboard, ReactWidget } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';

import { BuildLog } from './buildlog';
import { BuildPage } from './components/BuildPage';
import { BUILD_MARKS, MARKS } from './components/StatusMark';
import { hubIcon } from './icons';
import type { HubModel, IHubChange } from './model';
import { trans } from './translation';

/** The page of a project's newest build, as the content of a tab. */
export class BuildPageWidget extends ReactWidget {
  constructor(project: string, model: HubModel, commands: CommandRegistry) {
    super();
    this.addClass('jp-AgentHub');
    this.project = project;
    this._model = model;
    this._commands = commands;
    this._log = new BuildLog(model.stream, project);
    this._build = model.project(project)?.build?.id;
    model.changed.connect(this._onChanged, this);
    this._update();
  }

  readonly project: string;

  override dispose(): void {
    if (!this.isDisposed) {
      this._model.changed.disconnect(this._onChanged, this);
      this._log.dispose();
    }
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <BuildPage
        project={this.project}
        model={this._model}
        log={this._log}
        commands={this._commands}
        onCopy={() => Clipboard.copyToSystem(this._log.text)}
        onDownload={() => this._download()}
      />
    );
  }

  private _onChanged(_: HubModel, { kind, id }: IHubChange): void {
    if (kind === 'all' || id === this.project) {
      this._update();
    }
  }

  private _update(): void {
    const project = this._model.project(this.project);
    const build = project?.build ?? null;
    const name = project?.name ?? trans.__('project');
    this.title.label = trans.__('Build %1', name);
    this.title.caption = trans.__('Build of the project %1', name);
    this.title.icon = build ? MARKS[BUILD_MARKS[build.state]] : hubIcon;
    this.title.iconClass = build ? `jp-AgentHub-mark jp-mod-${BUILD_MARKS[build.state]}` : '';
    if (build && build.id !== this._build) {
      this._build = build.id;
      this._log.restart();
    }
  }

  private _download(): void {
    const name = this._model.project(this.project)?.name ?? 'project';
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([this._log.text], { type: 'text/plain' }));
    link.download = `${name}-build.log`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  private readonly _model: HubModel;
  private readonly _commands: CommandRegistry;
  private readonly _log: BuildLog;
  private _build: string | undefined;
}
