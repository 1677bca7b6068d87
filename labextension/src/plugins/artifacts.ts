import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { Artifact } from '../api';
import { describe, text } from '../args';
import { artifactIcon } from '../icons';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';

const ARTIFACT = describe({ artifact: 'id of the artifact' });

/** Published files: opened in Lab, shown in the file browser, downloaded. */
export const artifacts: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:plugin`,
  description: 'Opens what chats publish, and tells when they do.',
  autoStart: true,
  requires: [IAgentHub],
  optional: [ISettingRegistry],
  activate: (app: JupyterFrontEnd, { model }: IAgentHub, registry: ISettingRegistry | null) => {
    const { commands } = app;
    const find = (id: string): Artifact | undefined => model.artifact(id);

    commands.addCommand(CommandIDs.openArtifact, {
      label: args => text(args, 'label') || 'Open',
      icon: args => (text(args, 'label') ? artifactIcon : undefined),
      describedBy: ARTIFACT,
      execute: async args => {
        const artifact = find(text(args, 'artifact'));
        if (artifact) {
          await commands
            .execute('docmanager:open', { path: artifact.path })
            .catch(refused(`Could not open ${artifact.name}`));
        }
      }
    });

    commands.addCommand(CommandIDs.revealArtifact, {
      label: 'Reveal in File Browser',
      describedBy: ARTIFACT,
      execute: async args => {
        const artifact = find(text(args, 'artifact'));
        if (artifact) {
          await commands
            .execute('filebrowser:go-to-path', { path: artifact.path, dontShowBrowser: false })
            .catch(refused(`Could not show ${artifact.name}`));
        }
      }
    });

    commands.addCommand(CommandIDs.downloadArtifact, {
      label: 'Download',
      describedBy: ARTIFACT,
      execute: args => {
        const artifact = find(text(args, 'artifact'));
        if (artifact) {
          const link = document.createElement('a');
          link.href = model.api.artifactUrl(
            artifact.id,
            Number(text(args, 'version')) || undefined
          );
          link.download = artifact.name;
          link.click();
        }
      }
    });

    let isTold = true;
    model.artifactAdded.connect((_, artifact) => {
      if (!isTold) {
        return;
      }
      const chat = model.chat(artifact.chat)?.name ?? 'A chat';
      const version = artifact.version > 1 ? ` (version ${artifact.version})` : '';
      Notification.info(`${chat} published ${artifact.name}${version}.`, {
        autoClose: 10_000,
        actions: [
          {
            label: 'Open',
            callback: () =>
              void commands.execute(CommandIDs.openArtifact, { artifact: artifact.id })
          }
        ]
      });
    });

    registry
      ?.load(`${PLUGIN}:plugin`)
      .then(settings => {
        const read = () => {
          isTold = settings.get('notifyArtifacts').composite as boolean;
        };
        settings.changed.connect(read);
        read();
      })
      .catch(reason => console.warn('Agent Hub’s settings could not be read.', reason));
  }
};
