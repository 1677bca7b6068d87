import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { HubApi } from '../api';
import { ChatNews } from '../chatnews';
import { isInView } from '../inview';
import { HubModel } from '../model';
import { HubSettings } from '../settings';
import { EventStream } from '../stream';
import { CommandIDs, IAgentHub, PLUGIN } from '../tokens';
import { describe } from '../args';
import { refused } from '../notices';
import { trans, translateBy } from '../translation';

/** What every other plugin stands on: the model, kept by the events socket. */
export const hub: JupyterFrontEndPlugin<IAgentHub> = {
  id: `${PLUGIN}:hub`,
  description: 'Connects to the hub of this server.',
  autoStart: true,
  provides: IAgentHub,
  optional: [ITranslator, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    registry: ISettingRegistry | null
  ): IAgentHub => {
    translateBy(translator);
    const api = new HubApi(app.serviceManager.serverSettings);
    const stream = new EventStream(api);
    const model = new HubModel(api, stream);
    stream.connect();

    app.commands.addCommand(CommandIDs.checkEngine, {
      label: trans.__('Ask the Container Engine Again'),
      describedBy: describe({}),
      execute: () =>
        model.checkEngine().catch(refused(trans.__('Could not ask the container engine')))
    });
    let outage = model.outage;
    model.changed.connect(() => {
      if (model.outage !== outage) {
        outage = model.outage;
        app.commands.notifyCommandChanged();
      }
    });
    const settings = new HubSettings();
    registry
      ?.load(`${PLUGIN}:plugin`)
      .then(found => settings.use(found))
      .catch(reason => console.warn('Agent Hub’s settings could not be read.', reason));
    return { model, news: new ChatNews(model, isInView), settings };
  }
};
