import React from 'react';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { newFolderIcon } from '@jupyterlab/ui-components';

import { HubError, type Project } from '../api';
import { describe, text } from '../args';
import { ProjectForm } from '../components/ProjectForm';
import type { IFolder } from '../components/RepositoryField';
import { confirmed } from '../confirmed';
import { showForm } from '../formdialog';
import { newProject, projectChange, projectValues, type ProjectValues } from '../forms';
import { Form } from '../formwidget';
import { isBuilding } from '../format';
import { hubIcon } from '../icons';
import type { HubModel, IHubChange } from '../model';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** Adding, changing and deleting projects. */
export const projects: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:projects`,
  description: 'Adds projects, changes their settings, deletes them.',
  autoStart: true,
  requires: [IAgentHub, IEditorServices],
  optional: [IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    { model, settings }: IAgentHub,
    services: IEditorServices,
    browsers: IFileBrowserFactory | null
  ) => {
    const { commands } = app;
    const find = (id: string): Project | undefined => model.project(id);
    const isHubUp = () => model.outage?.kind !== 'hub';

    const form = (
      project: Project | null,
      submit: (values: ProjectValues) => Promise<Project>,
      folder?: IFolder
    ): Form<ProjectValues, Project> =>
      new Form({
        values: projectValues(project, settings.defaultAgent),
        submit,
        render: form => (
          <ProjectForm
            values={form.values}
            errors={form.errors}
            isNew={project === null}
            api={model.api}
            status={model.status}
            services={services}
            folder={folder}
            onChange={form.change}
            onFound={form.fill}
            onErrors={form.setErrors}
          />
        )
      });

    /** The folder that the file browser shows, or the one that is selected in it. */
    const folderOf = (isSelected: boolean): string | null => {
      const browser = browsers?.tracker.currentWidget;
      if (!browser) {
        return null;
      }
      const items = isSelected ? [...browser.selectedItems()] : [];
      const path = items.find(item => item.type === 'directory')?.path ?? browser.model.path;
      return app.serviceManager.contents.localPath(path);
    };

    commands.addCommand(CommandIDs.addProject, {
      label: args => (args.isLauncher ? trans.__('Add project') : trans.__('Add Project…')),
      caption: trans.__('Add a Git repository and build its snapshot'),
      icon: args => (args.isLauncher ? hubIcon : newFolderIcon),
      isEnabled: isHubUp,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            isLauncher: { type: 'boolean' },
            folder: { type: 'string', description: 'a folder of the file browser to make it of' }
          }
        }
      },
      execute: async args => {
        const isChosen = typeof args.folder === 'string';
        const path = isChosen ? text(args, 'folder') : folderOf(false);
        const project = await showForm({
          title: trans.__('Add project'),
          accept: trans.__('Add and build'),
          focus: isChosen ? '[data-field="name"]' : '[data-field="url"]',
          form: form(
            null,
            values => model.addProject(newProject(values)),
            path === null ? undefined : { path, isChosen }
          )
        });
        if (project) {
          await commands.execute(CommandIDs.openBuild, { project: project.id });
        }
      }
    });

    commands.addCommand(CommandIDs.useFolder, {
      label: trans.__('Use This Folder for Agents…'),
      caption: trans.__('Add the Git repository of this folder as a project'),
      icon: hubIcon,
      describedBy: describe({}),
      isEnabled: isHubUp,
      isVisible: () => folderOf(true) !== null,
      execute: async () => {
        const folder = folderOf(true);
        if (folder !== null) {
          await commands.execute(CommandIDs.addProject, { folder });
        }
      }
    });

    commands.addCommand(CommandIDs.projectSettings, {
      label: trans.__('Settings…'),
      isEnabled: isHubUp,
      describedBy: describe({
        project: 'id of the project',
        focus: 'the field that has the focus at first'
      }),
      execute: async args => {
        const project = find(text(args, 'project'));
        if (!project) {
          return;
        }
        const focus = text(args, 'focus') || 'name';
        const changed = await showForm({
          title: trans.__('Settings of %1', project.name),
          accept: trans.__('Save'),
          focus: focus === 'setup' ? '[data-field="setup"] .cm-content' : `[data-field="${focus}"]`,
          form: form(project, values => model.changeProject(project.id, projectChange(values)))
        });
        if (changed && needsBuild(project, changed)) {
          const { button } = await showDialog({
            title: trans.__('Build again?'),
            body: trans.__(
              'New chats use these settings once a snapshot has been built from them. Existing chats keep theirs.'
            ),
            buttons: [
              Dialog.cancelButton({ label: trans.__('Later') }),
              Dialog.okButton({ label: trans._p('verb', 'Build') })
            ]
          });
          if (button.accept) {
            await commands.execute(CommandIDs.buildProject, { project: project.id });
          }
        }
      }
    });

    commands.addCommand(CommandIDs.deleteProject, {
      label: trans.__('Delete Project…'),
      isEnabled: () => model.outage === null,
      describedBy: describe({ project: 'id of the project' }),
      execute: async args => {
        const project = find(text(args, 'project'));
        if (!project) {
          return;
        }
        const chats = model.chats.filter(chat => chat.project === project.id).length;
        const isSure = await confirmed({
          title: trans.__('Delete %1?', project.name),
          body: [
            chats > 0
              ? trans._n(
                  'Its %1 chat and their workspaces are deleted with it.',
                  'Its %1 chats and their workspaces are deleted with it.',
                  chats
                )
              : trans.__('The hub forgets the project.'),
            trans.__('The repository itself, and published artifacts, stay.')
          ].join(' '),
          accept: trans.__('Delete')
        });
        if (!isSure) {
          return;
        }
        try {
          await model.deleteProject(project.id);
        } catch (reason) {
          const error = HubError.from(reason);
          if (error.status !== 409) {
            refused(trans.__('Could not delete %1', project.name))(reason);
            return;
          }
          const { button } = await showDialog({
            title: trans.__('Delete %1 anyway?', project.name),
            body: [error.message, error.hint].join(' '),
            buttons: [
              Dialog.cancelButton({ label: trans.__('Keep') }),
              Dialog.warnButton({ label: trans.__('Delete anyway') })
            ],
            defaultButton: 0
          });
          if (button.accept) {
            await model
              .deleteProject(project.id, true)
              .catch(refused(trans.__('Could not delete %1', project.name)));
          }
        }
      }
    });

    watchBuilds(model, id => void commands.execute(CommandIDs.openBuild, { project: id }));
  }
};

/** Whether a snapshot of the old settings is not one of the new. */
function needsBuild(before: Project, after: Project): boolean {
  return (['branch', 'base', 'setup'] as const).some(name => before[name] !== after[name]);
}

/** Tell when a build that was watched going on fails, unless its page says so already, until the next one begins. */
function watchBuilds(model: HubModel, open: (project: string) => void): void {
  const going = new Set<string>();
  const told = new Map<string, string>();
  const look = ({ id, name, build }: Project) => {
    if (build && isBuilding(build)) {
      going.add(build.id);
      const notice = told.get(id);
      if (notice) {
        Notification.dismiss(notice);
        told.delete(id);
      }
    } else if (build && going.delete(build.id) && build.state === 'failed' && !isSeen(id)) {
      const words = [trans.__('The build of %1 failed.', name), build.error?.message ?? ''];
      const notice = Notification.error(words.join(' '), {
        autoClose: false,
        actions: [{ label: trans.__('Open log'), callback: () => open(id) }]
      });
      told.set(id, notice);
    }
  };
  model.changed.connect((_: HubModel, { kind, id }: IHubChange) => {
    const changed = kind === 'project' ? [model.project(id)] : kind === 'all' ? model.projects : [];
    for (const project of changed) {
      if (project) {
        look(project);
      }
    }
  });
}

/** Whether the page of a project's build, which says the same, is in view. */
function isSeen(project: string): boolean {
  const page = document.querySelector<HTMLElement>(`.jp-AgentHub-build[data-project="${project}"]`);
  return page?.checkVisibility() ?? false;
}
