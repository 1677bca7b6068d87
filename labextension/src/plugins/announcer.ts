import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { connectionWords } from '../connectionstate';
import { chatWords, count } from '../format';
import type { HubModel, IHubChange } from '../model';
import { IAgentHub, PLUGIN } from '../tokens';

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

    const known = new Map<string, string>();
    const said = new Map<string, string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const say = () => {
      timer = undefined;
      region.textContent =
        said.size > MOST
          ? `${count(said.size, 'change')} of chats and connections.`
          : [...said.values()].join(' ');
      said.clear();
    };
    const told = (key: string, name: string, words: string) => {
      if (words !== known.get(key)) {
        known.set(key, words);
        said.set(key, `${name}: ${words}.`);
        timer ??= setTimeout(say, PAUSE);
      }
    };
    const connections = () => (model.status ? connectionWords(model.status) : []);
    model.changed.connect((_: HubModel, change: IHubChange) => {
      if (change.kind === 'all') {
        known.clear();
        for (const chat of model.chats) {
          known.set(chat.id, chatWords(chat));
        }
        for (const [name, words] of connections()) {
          known.set(name, words);
        }
      } else if (change.kind === 'chat') {
        const chat = model.chat(change.id);
        if (chat) {
          told(chat.id, chat.name, chatWords(chat));
        } else {
          known.delete(change.id);
        }
      } else if (change.kind === 'status') {
        for (const [name, words] of connections()) {
          told(name, name, words);
        }
      }
    });
  }
};
