import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Dialog, MainAreaWidget, showDialog, WidgetTracker } from '@jupyterlab/apputils';

import { describe, text } from '../args';
import { BuildPageWidget } from '../buildpage';
import { elapsed } from '../format';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** A build younger than this is cancelled without a question, in milliseconds. */
const SHORT = 2 * 60_000;

/** Building projects, and the pages that show it. */
export const builds: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:builds`,
  description: 'Builds snapshots and shows how they are built.',
  autoStart: true,
  requires: [IAgentHub],
  optional: [ILayoutRestorer],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub, restorer: ILayoutRestorer | null) => {
    const { commands } = app;
    const tracker = new WidgetTracker<MainAreaWidget<BuildPageWidget>>({
      namespace: 'agent-hub-build'
    });

    commands.addCommand(CommandIDs.openBuild, {
      label: trans.__('Open Build'),
      describedBy: describe({ project: 'id of the project' }),
      execute: async args => {
        const id = text(args, 'project');
        let page = tracker.find(widget => widget.content.project === id);
        if (!page) {
          page = new MainAreaWidget({ content: new BuildPageWidget(id, model, commands) });
          page.id = `agent-hub-build-${id}`;
          page.toolbar.hide();
          await tracker.add(page);
          app.shell.add(page, 'main', { type: 'Build' });
        }
        app.shell.activateById(page.id);
      }
    });

    commands.addCommand(CommandIDs.buildProject, {
      label: trans.__('Build Again'),
      isEnabled: () => model.outage === null,
      describedBy: describe({ project: 'id of the project' }),
      execute: async args => {
        const id = text(args, 'project');
        const project = model.project(id);
        const force = project?.build?.state === 'ready';
        try {
          await model.api.build(id, force);
          await commands.execute(CommandIDs.openBuild, { project: id });
        } catch (reason) {
          const what = project
            ? trans.__('Could not build %1', project.name)
            : trans.__('Could not build the project');
          refused(what)(reason);
        }
      }
    });

    commands.addCommand(CommandIDs.cancelBuild, {
      label: trans.__('Cancel Build'),
      isEnabled: () => model.outage?.kind !== 'hub',
      describedBy: describe({ project: 'id of the project' }),
      execute: async args => {
        const project = model.project(text(args, 'project'));
        if (!project?.build) {
          return;
        }
        if (elapsed(project.build.started_at, null) > SHORT) {
          const { button } = await showDialog({
            title: trans.__('Cancel the build of %1?', project.name),
            body: trans.__(
              'The steps that ended are kept and need not run again; the running one is lost.'
            ),
            buttons: [
              Dialog.cancelButton({ label: trans.__('Go on building') }),
              Dialog.warnButton({ label: trans.__('Cancel build') })
            ]
          });
          if (!button.accept) {
            return;
          }
        }
        await model.api
          .cancelBuild(project.id)
          .catch(refused(trans.__('Could not cancel the build of %1', project.name)));
      }
    });

    void restorer?.restore(tracker, {
      command: CommandIDs.openBuild,
      args: widget => ({ project: widget.content.project }),
      name: widget => widget.content.project
    });
  }
};
