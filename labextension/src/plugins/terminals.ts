import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ServerConnection, TerminalManager } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITerminalTracker } from '@jupyterlab/terminal';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { searchIcon, terminalIcon } from '@jupyterlab/ui-components';

import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { NAMESPACE } from '../api';
import { describe, text } from '../args';
import { PARTS, type ILayoutState } from '../chatpage/layout';
import { ChatTab } from '../chattab';
import type { IGalleryContext } from '../components/ArtifactGallery';
import { labSettings } from '../labterminals';
import { claimShortcuts } from '../shortcuts';
import { CommandIDs, IAgentHub, IArtifactGallery, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** Of Lab's address: the chat whose terminal is to be opened. */
const CHAT_PARAMETER = 'agent-hub-chat';

/** A chat's page in a tab, with Lab's own terminal in it. */
export const terminals: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:terminals`,
  description: 'Opens the pages of chats.',
  autoStart: true,
  requires: [IAgentHub, IArtifactGallery],
  optional: [
    ILayoutRestorer,
    ITerminalTracker,
    ISettingRegistry,
    ITranslator,
    IEditorLanguageRegistry,
    IStateDB
  ],
  activate: (
    app: JupyterFrontEnd,
    { model }: IAgentHub,
    gallery: IGalleryContext,
    restorer: ILayoutRestorer | null,
    labTerminals: ITerminalTracker | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    languages: IEditorLanguageRegistry | null,
    states: IStateDB | null
  ) => {
    const { settings } = model.api;
    const manager = new TerminalManager({
      serverSettings: ServerConnection.makeSettings({
        ...settings,
        baseUrl: URLExt.join(settings.baseUrl, NAMESPACE, '/'),
        wsUrl: URLExt.join(settings.wsUrl, NAMESPACE, '/')
      }),
      // The panel shows which chats there are; this manager only connects.
      standby: () => true
    });
    const tracker = new WidgetTracker<ChatTab>({ namespace: 'agent-hub-chat' });

    app.commands.addCommand(CommandIDs.openChat, {
      label: trans.__('Open Terminal'),
      icon: terminalIcon,
      describedBy: describe({
        chat: 'id of the chat',
        front: '"conversation" to have that in front, and the focus in it'
      }),
      isEnabled: args => {
        const chat = text(args, 'chat');
        const isOpen = tracker.find(widget => widget.chat === chat) !== undefined;
        return isOpen || (model.outage?.kind !== 'hub' && !model.isPending(chat));
      },
      execute: async args => {
        const chat = text(args, 'chat');
        const isGone = model.connection === 'live' && !model.chat(chat);
        if (chat === '' || isGone || model.isPending(chat)) {
          return;
        }
        let tab = tracker.find(widget => widget.chat === chat);
        if (!tab) {
          tab = new ChatTab({
            chat,
            model,
            manager,
            commands: app.commands,
            gallery,
            languages,
            state: savedState(args),
            settings: await labSettings(registry),
            translator: translator ?? nullTranslator
          });
          claimShortcuts(tab.node, app.commands);
          await tracker.add(tab);
          const { stateChanged, disposed } = tab;
          // A tab that is one of Lab's terminals as well is neither saved again by its tracker nor forgotten.
          const key = `${tracker.namespace}:${chat}`;
          stateChanged.connect(({ state }) => void states?.save(key, { data: { chat, ...state } }));
          disposed.connect(() => void states?.remove(key));
          app.shell.add(tab, 'main', { type: 'Chat' });
          labTerminals?.inject(tab);
        }
        if (text(args, 'front') === 'conversation') {
          tab.showConversation();
        }
        app.shell.activateById(tab.id);
      }
    });

    app.commands.addCommand(CommandIDs.searchTerminal, {
      label: trans.__('Search the Terminal'),
      caption: trans.__(
        'Search what the terminal of this chat has shown, as far back as it is kept'
      ),
      icon: searchIcon,
      describedBy: describe({}),
      isEnabled: () => tracker.currentWidget !== null && tracker.currentWidget.isVisible,
      execute: () => tracker.currentWidget?.search()
    });

    // A card outside of Lab leads here (`card.js`).
    const asked = new URL(window.location.href);
    const chat = asked.searchParams.get(CHAT_PARAMETER);
    if (chat) {
      asked.searchParams.delete(CHAT_PARAMETER);
      window.history.replaceState(window.history.state, '', asked);
      void app.restored.then(() => app.commands.execute(CommandIDs.openChat, { chat }));
    }

    void restorer?.restore(tracker, {
      command: CommandIDs.openChat,
      args: ({ chat, state }) => ({ chat, ...state }),
      name: widget => widget.chat
    });
  }
};

/** How a page was laid out when Lab was open last. */
function savedState(args: ReadonlyPartialJSONObject): Partial<ILayoutState> {
  const part = PARTS.find(part => part === args.part);
  const split = typeof args.split === 'number' ? args.split : NaN;
  return { part: part ?? '', ...(split > 0 && split < 100 ? { split } : {}) };
}
