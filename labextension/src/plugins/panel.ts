import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';

import { describe } from '../args';
import { CurrentTab } from '../currenttab';
import { HubPanel } from '../panel';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** Beside the file browser, which has the rank 100. */
const RANK = 110;

/** The side panel. */
export const panel: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:panel`,
  description: 'Lists projects, chats and artifacts in the left area.',
  autoStart: true,
  requires: [IAgentHub],
  optional: [ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    { model, news }: IAgentHub,
    restorer: ILayoutRestorer | null
  ) => {
    const tab = new CurrentTab(app.shell);
    const look = () => {
      model.inFront = tab.id;
    };
    tab.changed.connect(look);
    look();
    const widget = new HubPanel(model, news, app.commands, tab);
    app.shell.add(widget, 'left', { rank: RANK });
    restorer?.add(widget, widget.id);

    app.commands.addCommand(CommandIDs.showPanel, {
      label: trans.__('Show Agent Hub'),
      describedBy: describe({}),
      execute: () => app.shell.activateById(widget.id)
    });
    app.commands.addCommand(CommandIDs.filter, {
      label: trans.__('Filter Projects, Chats and Artifacts'),
      describedBy: describe({}),
      execute: () => {
        app.shell.activateById(widget.id);
        widget.toggleFilter();
      }
    });
  }
};
