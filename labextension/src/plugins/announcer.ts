import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { connectionWords } from '../connectionstate';
import { chatWords } from '../format';
import type { HubModel, IHubChange } from '../model';
import { IAgentHub, PLUGIN } from '../tokens';
import { trans } from '../translation';

/** How long changes are gathered before they are said, in milliseconds. */
const PAUSE = 500;

/** The most changes that are said one by one. */
const MOST = 3;

/** Says to a screen reader what became of chats and connections, from one polite region, whatever of the hub is in view. */
export const announcer: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:announcer`,
  description: 'Tells screen readers when the state of a chat or a connection changes.',
  autoStart: true,
  requires: [IAgentHub],
  activate: (_: JupyterFrontEnd, { model }: IAgentHub) => {
    const region = document.createElement('div');
    region.className = 'jp-AgentHub-announcer';
    region.setAttribute('role', 'status');
    region.setAttribute('aria-live', 'polite');
    document.body.append(region);

    const known = { chats: new Map<string, string>(), connections: new Map<string, string>() };
    const news = { chats: new Map<string, string>(), connections: new Map<string, string>() };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const say = () => {
      timer = undefined;
      const { chats, connections } = news;
      region.textContent = [
        // In full, however much there is: a sign-in's code is to be heard.
        ...connections.values(),
        ...(chats.size > MOST
          ? [trans._n('%1 chat changed.', '%1 chats changed.', chats.size)]
          : chats.values())
      ].join(' ');
      chats.clear();
      connections.clear();
    };
    const tell = (kind: 'chats' | 'connections', key: string, name: string, words: string) => {
      if (words !== known[kind].get(key)) {
        known[kind].set(key, words);
        news[kind].set(key, trans.__('%1: %2.', name, words));
        timer ??= setTimeout(say, PAUSE);
      }
    };
    const connectionsNow = () => (model.status ? [...connectionWords(model.status)] : []);
    const tellConnections = () => {
      for (const [name, words] of connectionsNow()) {
        tell('connections', name, name, words);
      }
    };
    model.changed.connect((_: HubModel, change: IHubChange) => {
      if (change.kind === 'all') {
        known.chats = new Map(model.chats.map(chat => [chat.id, chatWords(chat)]));
        if (known.connections.size === 0) {
          // What there was before anybody listened is no news.
          known.connections = new Map(connectionsNow());
        }
        // All comes anew where the hub is only asked from time to time.
        tellConnections();
      } else if (change.kind === 'chat') {
        const chat = model.chat(change.id);
        if (chat) {
          tell('chats', chat.id, chat.name, chatWords(chat));
        } else {
          known.chats.delete(change.id);
        }
      } else if (change.kind === 'status') {
        tellConnections();
      }
    });
  }
};
