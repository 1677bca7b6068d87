import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IThemeManager } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { HubError } from '../api';
import { LAB_TERMINAL, labSettings, terminalColours } from '../labterminals';
import { IAgentHub, PLUGIN } from '../tokens';

/** Tells the hub in which colours terminals are shown here: an agent asks before anybody opens its terminal. */
export const colours: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:colours`,
  description: 'Tells agents the colours of the terminals that they will be shown in.',
  autoStart: true,
  requires: [IAgentHub],
  optional: [IThemeManager, ISettingRegistry],
  activate: (
    _: JupyterFrontEnd,
    { model }: IAgentHub,
    themes: IThemeManager | null,
    registry: ISettingRegistry | null
  ) => {
    const { api } = model;
    let last = '';
    const tellNow = async () => {
      const found = terminalColours((await labSettings(registry)).theme);
      const hub = model.status?.hub_id;
      const news = JSON.stringify([hub, found]);
      // Until the first theme is there the page has no colours of its own. Two windows that told theirs again and again
      // would have the hub prepare its chats for the one, then for the other.
      if (found && hub && themes?.theme !== null && news !== last) {
        await api.tellColours(found);
        last = news;
      }
    };
    // One after another: the newest is to be the last that the hub hears of.
    let told = Promise.resolve();
    const tell = () => {
      told = told.then(tellNow).catch(reason => {
        console.debug('The hub was not told of the colours.', HubError.from(reason).message);
      });
    };
    themes?.themeChanged.connect(tell);
    registry?.pluginChanged.connect((_, id) => id === LAB_TERMINAL && tell());
    // Also another hub that comes after this one.
    model.changed.connect((_, { kind }) => kind === 'all' && tell());
    tell();
  }
};
