import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { Widget } from '@lumino/widgets';

import { CHAT_MIME_TYPE, ChatOutput, WIDGET_MIME_TYPE } from '../chatoutput';
import { PLUGIN } from '../tokens';

/** Before the widget (-10), which Lab would choose even where no kernel has it. */
const RANK = -20;

/** Shows chats in notebooks, with a kernel and without. */
export const notebooks: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:notebooks`,
  description: 'Shows chats in notebooks.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (app: JupyterFrontEnd, everywhere: IRenderMimeRegistry) => {
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (
        panel: Widget & { content?: { rendermime?: IRenderMimeRegistry } },
        { sessionContext: session }: DocumentRegistry.Context
      ) => {
        // Each notebook has a registry of its own, in which the renderer of widgets is replaced by one of its kernel.
        const rendermime = panel.content?.rendermime;
        const hasWidgets = () =>
          rendermime?.getFactory(WIDGET_MIME_TYPE) !== everywhere.getFactory(WIDGET_MIME_TYPE);
        rendermime?.addFactory(
          {
            // An output that is not trusted is its HTML, without what could do something.
            safe: false,
            mimeTypes: [CHAT_MIME_TYPE],
            createRenderer: () => new ChatOutput({ rendermime, session, hasWidgets })
          },
          RANK
        );
      }
    });
  }
};
