import React from 'react';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ReactWidget, settingsIcon, terminalIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { BoxPanel, Panel, type Widget } from '@lumino/widgets';

import { ArtifactGallery, type IGalleryContext } from '../components/ArtifactGallery';
import { ChatHeader } from '../components/ChatHeader';
import { ChangesView } from '../components/chat/ChangesView';
import { ConversationView } from '../components/chat/ConversationView';
import { SettingsView } from '../components/chat/SettingsView';
import { artifactIcon, branchIcon, chatIcon } from '../icons';
import type { HubModel, IHubChange } from '../model';
import { trans } from '../translation';
import { Changes } from './changes';
import type { IChatContext } from './context';
import { Conversation } from './conversation';
import { Highlighter } from './highlighter';
import { ChatLayout, type ILayoutState } from './layout';
import { PartWidget } from './part';
import { Reading } from './reading';

/** All of a chat: what it is, its conversation, its terminal, and what came of it. */
export class ChatPage extends Panel {
  constructor(options: ChatPage.IOptions) {
    super();
    const { chat, model, commands, gallery } = options;
    this.addClass('jp-AgentHub-chatPage');
    // So that a click beside everything stays in the page.
    this.node.tabIndex = -1;
    this._model = model;
    this._terminal = options.terminal;
    this._context = {
      chat,
      model,
      commands,
      conversation: new Conversation(model.api, model.stream, chat),
      reading: new Reading(),
      changes: new Changes(model.api, chat),
      history: gallery.history,
      highlighter: new Highlighter(options.languages),
      rendermime: gallery.rendermime
    };
    const context = this._context;
    const header = ReactWidget.create(
      <ChatHeader chat={chat} model={model} commands={commands} onSearch={options.onSearch} />
    );
    header.addClass('jp-AgentHub');
    this.terminalPart = new TerminalPart(options.terminal);
    this.terminalPart.addClass('jp-AgentHub-terminalPart');
    this.terminalPart.title.label = trans.__('Terminal');
    this.terminalPart.title.icon = terminalIcon;
    this._artifacts = new PartWidget(trans.__('Artifacts'), artifactIcon, () => (
      <ArtifactGallery chat={chat} {...gallery} />
    ));
    this._changes = new PartWidget(trans.__('Changes'), branchIcon, () => (
      <ChangesView context={context} />
    ));
    this.parts = new ChatLayout(
      {
        terminal: this.terminalPart,
        artifacts: this._artifacts,
        changes: this._changes,
        settings: new PartWidget(trans.__('Settings'), settingsIcon, () => (
          <SettingsView context={context} />
        ))
      },
      options.state
    );
    this.addWidget(header);
    this.addWidget(this.parts);

    model.changed.connect(this._onChanged, this);
    this.parts.changed.connect(this._see, this);
    context.changes.changed.connect(this._count, this);
    context.conversation.worked.connect(() => context.changes.invalidate());
    this.node.addEventListener('focusin', this._onFocus);
    this._learn();
  }

  /** Where the terminal is, and what lies over it. */
  readonly terminalPart: BoxPanel;

  readonly parts: ChatLayout;

  /** Give the focus to the part that had it last: at first to the terminal, where that is in view. */
  focusPart(): void {
    const conversation = this._conversation;
    const isTerminal = this.parts.shows('terminal');
    if (isTerminal && (this._last === 'terminal' || !conversation)) {
      // There may be nothing in it yet that takes the focus; where there is, who types already would lose letters.
      if (!this._terminal.node.contains(document.activeElement)) {
        this._terminal.node.focus({ preventScroll: true });
      }
      this._terminal.activate();
    } else if (conversation && this.parts.shows('conversation')) {
      const { draft } = this._context.reading;
      const ask = draft === '' ? find(conversation, '.jp-AgentHub-ask') : null;
      (ask ?? find(conversation, 'textarea') ?? this.node).focus({ preventScroll: true });
    } else {
      this.node.focus({ preventScroll: true });
    }
  }

  /** Bring the conversation to the front; it gets the focus when the page does. */
  showConversation(): void {
    this._last = 'conversation';
    this.parts.bring('conversation');
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._model.changed.disconnect(this._onChanged, this);
      this.node.removeEventListener('focusin', this._onFocus);
      this._context.conversation.dispose();
      this._context.changes.dispose();
    }
    super.dispose();
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._see();
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._see();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._see();
  }

  private _onChanged(_: HubModel, { kind, id }: IHubChange): void {
    if (kind === 'all' || kind === 'artifact' || id === this._context.chat) {
      this._learn();
    }
  }

  /** Give the conversation a place once it is known that the agent has one. */
  private _learn(): void {
    const context = this._context;
    const chat = this._model.chat(context.chat);
    const agent = this._model.status?.agents.find(({ name }) => name === chat?.agent);
    if (agent?.converses && !this._conversation) {
      this._conversation = new PartWidget(trans.__('Conversation'), chatIcon, () => (
        <ConversationView context={context} />
      ));
      this._conversation.addClass('jp-AgentHub-conversation');
      this.parts.addConversation(this._conversation);
      context.conversation.follow();
    }
    if (chat && chat.status !== this._status) {
      this._status = chat.status;
      context.changes.invalidate();
    }
    this._count();
  }

  private _count(): void {
    const { changes, chat } = this._context;
    const published = this._model.artifactsOf(chat).length;
    const files = changes.diff ? changes.diff.files.length + changes.diff.more : 0;
    this._artifacts.title.dataset = { count: published ? String(published) : '' };
    this._changes.title.dataset = { count: files ? String(files) : '' };
  }

  private _see(): void {
    const isSeen = this.isVisible && this.parts.shows('changes');
    this._context.changes.show(isSeen ? 'seen' : this.isVisible ? 'unseen' : 'hidden');
  }

  private readonly _onFocus = (event: FocusEvent): void => {
    const target = event.target as Node;
    if (this._terminal.node.contains(target)) {
      this._last = 'terminal';
    } else if (this._conversation?.node.contains(target)) {
      this._last = 'conversation';
    }
  };

  private readonly _model: HubModel;
  private readonly _terminal: Widget;
  private readonly _context: IChatContext;
  private readonly _artifacts: PartWidget;
  private readonly _changes: PartWidget;
  private _conversation: PartWidget | null = null;
  private _last: 'terminal' | 'conversation' = 'terminal';
  private _status = '';
}

/** The place of the terminal. */
class TerminalPart extends BoxPanel {
  constructor(private readonly _terminal: Widget) {
    super();
    this.addWidget(_terminal);
  }

  protected override onActivateRequest(): void {
    this._terminal.activate();
  }
}

function find(widget: Widget, selector: string): HTMLElement | null {
  return widget.node.querySelector<HTMLElement>(selector);
}

export namespace ChatPage {
  export interface IOptions {
    chat: string;
    model: HubModel;
    commands: CommandRegistry;
    terminal: Widget;
    gallery: IGalleryContext;
    languages: IEditorLanguageRegistry | null;
    /** How it was laid out when Lab was open last. */
    state: Partial<ILayoutState>;
    onSearch: () => void;
  }
}
