import { MainAreaWidget, Toolbar } from '@jupyterlab/apputils';
import type { Terminal as Session, TerminalManager } from '@jupyterlab/services';
import type { ITerminal } from '@jupyterlab/terminal';
import type { ITranslator } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { BoxLayout, Widget } from '@lumino/widgets';

import { ChatTerminal, OWN } from './chatpage/chatterminal';
import type { ChatLayout, ILayoutState } from './chatpage/layout';
import { ChatPage } from './chatpage/page';
import { chatMark, MARKS } from './components/StatusMark';
import { chatReason } from './format';
import type { HubModel, IHubChange } from './model';
import { isUnknown } from './outage';
import { Scrollback } from './scrollback';
import { SearchBox } from './searchbox';
import type { EventStream, StreamState } from './stream';
import { TerminalSearch } from './terminalsearch';
import { trans } from './translation';

/**
 * A chat as a tab. Closing it leaves the chat.
 *
 * To Lab its content is the terminal, so that what Lab does with terminals it does with this one; it has a place in the
 * chat's page.
 */
export class ChatTab extends MainAreaWidget<ITerminal.ITerminal> {
  constructor(options: ChatTab.IOptions) {
    const session = options.manager.connectTo({ model: { name: options.chat } });
    const settings = { ...options.settings, ...OWN };
    const terminal = new ChatTerminal(session, settings, options.translator);
    super({ content: terminal, toolbar: new Toolbar() });
    this.chat = options.chat;
    this.id = `agent-hub-chat-${options.chat}`;
    this.addClass('jp-AgentHub-tab');
    this.title.closable = true;
    this._model = options.model;
    this._terminal = terminal;
    this._session = session;
    this._page = new ChatPage({ ...options, terminal, onSearch: () => this.search() });
    // The page has a header of its own.
    this.toolbar.hide();
    BoxLayout.setStretch(this._page, 1);
    (this.layout as BoxLayout).addWidget(this._page);
    this._model.changed.connect(this._onChanged, this);
    this._model.stream.stateChanged.connect(this._onStream, this);
    this._update();
    // A program may name its terminal; the tab keeps the chat's name.
    this.title.changed.connect(this._update, this);
    void terminal.ready.then(() => {
      // A tab that was activated before its terminal was there gave the focus to an empty box.
      if (terminal.node.contains(document.activeElement)) {
        terminal.activate();
      }
    });
  }

  /** The id of the chat. */
  readonly chat: string;

  /** How its page is laid out. */
  get state(): ILayoutState {
    return this._page.parts.state;
  }

  /** Its page is laid out in another way. */
  get stateChanged(): ISignal<ChatLayout, void> {
    return this._page.parts.changed;
  }

  /** Bring the conversation to the front; it gets the focus when the tab does. */
  showConversation(): void {
    this._page.showConversation();
  }

  /** Search what the terminal has shown; the field lies over it until Esc. */
  search(): void {
    this._page.parts.bring('terminal');
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
      Widget.attach(this._searchBox, this._page.terminalPart.node);
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

  protected override onActivateRequest(): void {
    this._page.focusPart();
  }

  protected override onAfterAttach(msg: Message): void {
    // Before Lab's own, which gives the focus to the terminal wherever the click was.
    this.node.addEventListener('mousedown', this._onMouseDown, true);
    super.onAfterAttach(msg);
  }

  protected override onBeforeDetach(msg: Message): void {
    this.node.removeEventListener('mousedown', this._onMouseDown, true);
    super.onBeforeDetach(msg);
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
    const about = [
      chat.name,
      trans._p('agent of a project', '%1 in %2', this._model.agentTitle(chat.agent), project)
    ];
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

  private readonly _onMouseDown = (event: MouseEvent): void => {
    const isInTerminal = this._terminal.node.contains(event.target as Node);
    if (!isInTerminal && !this.node.contains(document.activeElement)) {
      this._page.node.focus({ preventScroll: true });
    }
  };

  private readonly _model: HubModel;
  private readonly _page: ChatPage;
  private readonly _terminal: ChatTerminal;
  private readonly _session: Session.ITerminalConnection;
  private _searchBox: SearchBox | null = null;
  private _scrollback: Scrollback | null = null;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.trim();
}

export namespace ChatTab {
  export interface IOptions extends Omit<ChatPage.IOptions, 'terminal' | 'onSearch'> {
    manager: TerminalManager;
    /** What the person set for all of Lab's terminals. */
    settings: Partial<ITerminal.IOptions>;
    translator: ITranslator;
  }
}
