import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { linkIcon, notebookIcon } from '@jupyterlab/ui-components';

import { AgentMarkdown } from '../agentmarkdown';
import { AgentSanitizer } from '../agentsanitizer';
import type { Artifact } from '../api';
import { describe, text } from '../args';
import { cellFor } from '../artifactcell';
import { ArtifactHistory } from '../artifacthistory';
import { ArtifactsPageWidget } from '../artifactspage';
import { Highlighter } from '../chatpage/highlighter';
import type { IGalleryContext } from '../components/ArtifactGallery';
import { confirmed } from '../confirmed';
import { atVersion } from '../gallery';
import { artifactIcon } from '../icons';
import { refused } from '../notices';
import { NotebookTarget } from '../notebooktarget';
import { CommandIDs, IAgentHub, IArtifactGallery, PLUGIN } from '../tokens';
import { trans } from '../translation';

const ID = 'agent-hub-artifacts';

const ARTIFACT = describe({ artifact: 'id of the artifact' });

/** The galleries of published files, and what can be done with a file there. */
export const gallery: JupyterFrontEndPlugin<IGalleryContext> = {
  id: `${PLUGIN}:gallery`,
  description: 'Shows what chats have published.',
  autoStart: true,
  provides: IArtifactGallery,
  requires: [IAgentHub, IRenderMimeRegistry],
  optional: [INotebookTracker, ILayoutRestorer, IEditorLanguageRegistry],
  activate: (
    app: JupyterFrontEnd,
    { model }: IAgentHub,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    restorer: ILayoutRestorer | null,
    languages: IEditorLanguageRegistry | null
  ) => {
    const { commands, shell } = app;
    const notebooks = new NotebookTarget(tracker, app.serviceManager.contents);
    const history = new ArtifactHistory(model.api);
    const parser = rendermime.markdownParser;
    const context = {
      model,
      commands,
      rendermime: rendermime.clone({
        sanitizer: new AgentSanitizer(rendermime.sanitizer),
        markdownParser: parser ? new AgentMarkdown(parser) : undefined
      }),
      notebooks,
      highlighter: new Highlighter(languages),
      history
    };
    const pages = new WidgetTracker<MainAreaWidget<ArtifactsPageWidget>>({ namespace: ID });
    const isUp = () => model.outage?.kind !== 'hub';

    /** The artifact as a command names it: at a version, or the newest. */
    const find = (args: Parameters<typeof text>[0]): [Artifact, Artifact] | undefined => {
      const newest = model.artifact(text(args, 'artifact'));
      const number = Number(text(args, 'version'));
      const version = newest && history.of(newest).find(one => one.version === number);
      return newest && [version ? atVersion(newest, version) : newest, newest];
    };

    commands.addCommand(CommandIDs.openArtifacts, {
      label: args =>
        text(args, 'chat') ? trans.__('Show Artifacts') : trans.__('Artifacts of All Chats'),
      icon: artifactIcon,
      describedBy: describe({ chat: 'id of the chat; of all chats where it is left out' }),
      execute: async args => {
        const chat = text(args, 'chat') || null;
        let page = pages.find(widget => widget.content.chat === chat);
        if (!page) {
          page = new MainAreaWidget({ content: new ArtifactsPageWidget(chat, context) });
          page.id = chat === null ? ID : `${ID}-${chat}`;
          page.toolbar.hide();
          await pages.add(page);
          shell.add(page, 'main', { type: 'Artifacts' });
        }
        shell.activateById(page.id);
      }
    });

    commands.addCommand(CommandIDs.insertArtifact, {
      label: trans.__('Insert into Notebook'),
      caption: () => notebooks.blocked,
      icon: notebookIcon,
      isEnabled: () => notebooks.blocked === '',
      describedBy: ARTIFACT,
      execute: async args => {
        const found = find(args);
        if (found) {
          const make = (notebook: string) => cellFor(...found, notebook);
          await notebooks.insert(make, id => shell.activateById(id));
        }
      }
    });

    commands.addCommand(CommandIDs.copyArtifactPath, {
      label: trans.__('Copy Path'),
      describedBy: ARTIFACT,
      execute: args => {
        const [file] = find(args) ?? [];
        if (file) {
          Clipboard.copyToSystem(file.path);
        }
      }
    });

    commands.addCommand(CommandIDs.copyArtifactLink, {
      label: trans.__('Copy Link'),
      caption: trans.__('The address that opens it in Lab'),
      icon: linkIcon,
      describedBy: ARTIFACT,
      execute: args => {
        const [file] = find(args) ?? [];
        if (file) {
          const place = { treePath: file.path, workspace: PageConfig.defaultWorkspace };
          Clipboard.copyToSystem(PageConfig.getUrl({ ...place, toShare: true }));
        }
      }
    });

    commands.addCommand(CommandIDs.deleteArtifact, {
      label: trans.__('Delete…'),
      isEnabled: isUp,
      describedBy: ARTIFACT,
      execute: async args => {
        const newest = model.artifact(text(args, 'artifact'));
        if (!newest) {
          return;
        }
        const isSure = await confirmed({
          title: trans.__('Delete %1?', newest.name),
          body: [
            newest.version > 1
              ? trans._n(
                  'Its %1 version cannot be brought back.',
                  'Its %1 versions cannot be brought back.',
                  newest.version
                )
              : trans.__('It cannot be brought back.'),
            trans.__('Its file goes from the file browser too, unless you have changed it.')
          ].join(' '),
          accept: trans.__('Delete')
        });
        if (isSure) {
          await model.api
            .deleteArtifact(newest.id)
            .catch(refused(trans.__('Could not delete %1', newest.name)));
        }
      }
    });

    commands.addCommand(CommandIDs.downloadArtifacts, {
      label: trans.__('Download All Artifacts'),
      isEnabled: args => isUp() && model.artifactsOf(text(args, 'chat')).length > 0,
      describedBy: describe({ chat: 'id of the chat' }),
      execute: args => {
        const link = document.createElement('a');
        link.href = model.api.artifactsUrl(text(args, 'chat'));
        link.download = '';
        link.click();
      }
    });

    notebooks.changed.connect(() => commands.notifyCommandChanged(CommandIDs.insertArtifact));
    void restorer?.restore(pages, {
      command: CommandIDs.openArtifacts,
      args: widget => (widget.content.chat === null ? {} : { chat: widget.content.chat }),
      name: widget => widget.content.chat ?? 'all'
    });
    return context;
  }
};
