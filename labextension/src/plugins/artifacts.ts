import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { Artifact } from '../api';
import { describe, text } from '../args';
import { artifactIcon } from '../icons';
import { isInView } from '../inview';
import { refused } from '../notices';
import { PublishNotices } from '../publishnotices';
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
    const notices = new PublishNotices(model, commands);
    model.artifactAdded.connect((_, artifact) => {
      // A chat's page shows what it publishes.
      if (isTold && !isInView(artifact.chat)) {
        notices.tell(artifact);
      }
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
