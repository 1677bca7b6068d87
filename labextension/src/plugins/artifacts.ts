import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { Artifact } from '../api';
import { describe, text } from '../args';
import { artifactIcon } from '../icons';
import { refused } from '../notices';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

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
      label: args => text(args, 'label') || trans.__('Open'),
      icon: args => (text(args, 'label') ? artifactIcon : undefined),
      describedBy: ARTIFACT,
      execute: async args => {
        const artifact = find(text(args, 'artifact'));
        if (artifact) {
          await commands
            .execute('docmanager:open', { path: artifact.path })
            .catch(refused(trans.__('Could not open %1', artifact.name)));
        }
      }
    });

    commands.addCommand(CommandIDs.revealArtifact, {
      label: trans.__('Reveal in File Browser'),
      describedBy: ARTIFACT,
      execute: async args => {
        const artifact = find(text(args, 'artifact'));
        if (artifact) {
          await commands
            .execute('filebrowser:go-to-path', { path: artifact.path, dontShowBrowser: false })
            .catch(refused(trans.__('Could not show %1', artifact.name)));
        }
      }
    });

    commands.addCommand(CommandIDs.downloadArtifact, {
      label: trans.__('Download'),
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
      const chat = model.chat(artifact.chat)?.name ?? trans.__('A chat');
      const { name, version } = artifact;
      const words =
        version > 1
          ? trans.__('%1 published %2 (version %3).', chat, name, version)
          : trans.__('%1 published %2.', chat, name);
      Notification.info(words, {
        autoClose: 10_000,
        actions: [
          {
            label: trans.__('Open'),
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
