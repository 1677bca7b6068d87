import { MainAreaWidget, Toolbar } from '@jupyterlab/apputils';
import type { Terminal as Session, TerminalManager } from '@jupyterlab/services';
import { ITerminal, Terminal } from '@jupyterlab/terminal';
import type { ITranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import React from 'react';

import { ChatBar } from './components/ChatBar';
import { chatMark, MARKS } from './components/StatusMark';
import { chatReason } from './format';
import type { HubModel, IHubChange } from './model';
import { isUnknown } from './outage';
import { Scrollback, type IScreen } from './scrollback';
import { SearchBox } from './searchbox';
import type { EventStream, StreamState } from './stream';
import { TerminalSearch } from './terminalsearch';

interface IXterm extends IScreen {
  readonly options: { minimumContrastRatio?: number };
}

/** Lab's terminal, but that it never ends a chat, whatever is set for Lab's own terminals. */
class ChatTerminal extends Terminal {
  override setOption<K extends keyof ITerminal.IOptions>(
    option: K,
    value: ITerminal.IOptions[K]
  ): void {
    if (!(option in OWN)) {
      super.setOption(option, value);
    }
  }

  /** Lab's widget keeps its xterm.js terminal to itself; there is none until it was drawn. */
  get screen(): IXterm | undefined {
    return (this as unknown as { _term?: IXterm })._term;
  }
}

/**
 * The least of a text to what is behind it, as WCAG 2 asks. An agent asks for the colours of its terminal once: after the
 * theme has changed, its own are for the one before.
 */
const CONTRAST = 4.5;

const OWN = { initialCommand: '', shutdownOnClose: false, closeOnExit: false };

/** A chat's terminal as a tab: Lab's own terminal, and a bar with the chat's state. Closing it leaves the chat. */
export class ChatTab extends MainAreaWidget<ITerminal.ITerminal> {
  constructor(options: ChatTab.IOptions) {
    const session = options.manager.connectTo({ model: { name: options.chat } });
    const settings = { ...options.settings, ...OWN };
    const terminal = new ChatTerminal(session, settings, options.translator);
    super({
      content: terminal,
      // Lab's own folds what it holds away while it cannot measure it.
      toolbar: new Toolbar()
    });
    this.chat = options.chat;
    this.id = `agent-hub-chat-${options.chat}`;
    this.addClass('jp-AgentHub-tab');
    this.title.closable = true;
    this._model = options.model;
    this._terminal = terminal;
    this._session = session;
    const bar = ReactWidget.create(
      <ChatBar
        chat={options.chat}
        model={options.model}
        commands={options.commands}
        onSearch={() => this.search()}
      />
    );
    bar.addClass('jp-AgentHub');
    bar.addClass('jp-AgentHub-chatBarItem');
    this.toolbar.addItem('chat', bar);
    this._model.changed.connect(this._onChanged, this);
    this._model.stream.stateChanged.connect(this._onStream, this);
    this._update();
    // A program may name its terminal; the tab keeps the chat's name.
    this.title.changed.connect(this._update, this);
    void terminal.ready.then(() => {
      if (terminal.screen) {
        terminal.screen.options.minimumContrastRatio = CONTRAST;
      }
      // A tab that was activated before its terminal was there gave the focus to an empty box.
      if (this.node.contains(document.activeElement)) {
        terminal.activate();
      }
    });
  }

  /** The id of the chat. */
  readonly chat: string;

  /** Search what the terminal has shown; the field lies over it until Esc. */
  search(): void {
    if (!this._searchBox) {
      const terminal = this._terminal;
      const search = new TerminalSearch(this._model.api, this.chat);
      search.setQuery(terminal.hasSelection() ? firstLine(terminal.getSelection() ?? '') : '');
      this._searchBox = new SearchBox(
        search,
        (match, repeats) => {
          if (terminal.screen) {
            this._scrollback ??= new Scrollback(terminal.screen);
          }
          return this._scrollback?.show(match, repeats) ?? false;
        },
        () => this._closeSearch()
      );
      Widget.attach(this._searchBox, this.node);
    }
    this._searchBox.activate();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._searchBox?.dispose();
      this._model.changed.disconnect(this._onChanged, this);
      this.title.changed.disconnect(this._update, this);
      this._model.stream.stateChanged.disconnect(this._onStream, this);
      // The session only watches the terminal: the chat goes on.
      this._session.dispose();
    }
    super.dispose();
  }

  private _closeSearch(): void {
    this._searchBox?.dispose();
    this._searchBox = null;
    this._scrollback?.clear();
    this._terminal.activate();
  }

  private _onChanged(_: HubModel, { kind, id }: IHubChange): void {
    if (kind === 'all' || id === this.chat) {
      this._update();
    }
  }

  private _update(): void {
    const chat = this._model.chat(this.chat);
    if (!chat) {
      // It was deleted, unless the hub is still to say which chats there are.
      if (this.isAttached && this._model.connection === 'live') {
        this.dispose();
      }
      return;
    }
    const project = this._model.project(chat.project)?.name ?? '';
    const { title } = this;
    title.label = chat.name;
    const about = [chat.name, `${this._model.agentTitle(chat.agent)} in ${project}`];
    const reason = chatReason(chat, this._model.outage);
    title.caption = (reason ? [...about, reason] : about).join('\n');
    const mark = chatMark(chat, isUnknown(chat, this._model.outage));
    title.icon = MARKS[mark];
    title.iconClass = `jp-AgentHub-mark jp-mod-${mark}`;
  }

  private _onStream(_: EventStream, state: StreamState): void {
    const { _session: session } = this;
    // Not only one that gave up: between its own attempts, a widget waits for up to a minute.
    if (state === 'live' && !session.isDisposed && session.connectionStatus !== 'connected') {
      session.reconnect().catch(reason => {
        console.warn('The terminal could not be reached again.', reason);
      });
    }
  }

  private readonly _model: HubModel;
  private readonly _terminal: ChatTerminal;
  private readonly _session: Session.ITerminalConnection;
  private _searchBox: SearchBox | null = null;
  private _scrollback: Scrollback | null = null;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.trim();
}

export namespace ChatTab {
  export interface IOptions {
    chat: string;
    model: HubModel;
    manager: TerminalManager;
    commands: CommandRegistry;
    /** What the person set for all of Lab's terminals. */
    settings: Partial<ITerminal.IOptions>;
    translator: ITranslator;
  }
}
