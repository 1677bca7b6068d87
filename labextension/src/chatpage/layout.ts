import { MessageLoop, type Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import { SplitPanel, TabPanel, Widget } from '@lumino/widgets';

import { CountingTabRenderer } from './tabrenderer';

/** Where there is less room than this, the conversation and the rest take turns, in pixels. */
export const NARROW = 900;

/** How the room is divided: the conversation, and the rest. */
const SIZES = [54, 46];

/** The parts of a chat's page. */
export const PARTS = ['conversation', 'terminal', 'artifacts', 'changes', 'settings'] as const;

export type Part = (typeof PARTS)[number];

/** What is kept of a page when Lab is reloaded. */
export interface ILayoutState {
  /** The part whose tab is chosen; empty where nobody has chosen one. */
  part: Part | '';
  /** How much of the room is the conversation's, in percent. */
  split: number;
}

/**
 * A chat's conversation on the left and everything else in tabs on the right; in a narrow page all of it in tabs.
 *
 * A chat without a conversation has only the tabs.
 */
export class ChatLayout extends SplitPanel {
  constructor(parts: Record<Exclude<Part, 'conversation'>, Widget>, state: Partial<ILayoutState>) {
    super({ orientation: 'horizontal', spacing: 1 });
    this.addClass('jp-AgentHub-chatLayout');
    this._parts = { ...parts };
    this._chosen = state.part ?? '';
    this._split = state.split ?? SIZES[0]!;
    this._tabs = new TabPanel({ renderer: new CountingTabRenderer() });
    this._tabs.addClass('jp-AgentHub-chatTabs');
    for (const part of Object.values(parts)) {
      part.node.tabIndex = -1;
      this._tabs.addWidget(part);
    }
    this.addWidget(this._tabs);
    this._select(this._chosen || 'terminal');
    this._tabs.currentChanged.connect(this._onTab, this);
    this.handleMoved.connect(() => {
      this._split = 100 * (this.relativeSizes()[0] ?? 0);
      this._changed.emit();
    });
  }

  /** Give the conversation its place. */
  addConversation(conversation: Widget): void {
    conversation.node.tabIndex = -1;
    this._conversation = conversation;
    this._parts.conversation = conversation;
    if (this.isAttached && this.node.offsetWidth > 0) {
      this._arrange(this.node.offsetWidth < NARROW);
    }
  }

  /** Another tab is shown, or the room is divided in another way. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): ILayoutState {
    return { part: this._chosen, split: this._split };
  }

  /** Whether all parts share one place. */
  get isNarrow(): boolean {
    return this._conversation?.parent !== this;
  }

  /** The part whose tab is in front. */
  get current(): Part {
    const { currentWidget } = this._tabs;
    const found = Object.entries(this._parts).find(([, widget]) => widget === currentWidget);
    return (found?.[0] ?? 'terminal') as Part;
  }

  /** Whether a part is in view, where the page is. */
  shows(part: Part): boolean {
    return part === this.current || (part === 'conversation' && !this.isNarrow);
  }

  /** Bring a part to the front. */
  bring(part: Part): void {
    if (!this.shows(part)) {
      this._select(part);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      // It may never have got a place.
      this._conversation?.dispose();
      Signal.clearData(this);
    }
    super.dispose();
  }

  protected override onResize(msg: Widget.ResizeMessage): void {
    const width = msg.width < 0 ? this.node.offsetWidth : msg.width;
    if (width === 0) {
      // Nothing can be measured, and a terminal must not be fitted to that.
      return;
    }
    this._arrange(width < NARROW);
    super.onResize(msg);
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    // What is above may get higher without a message of Lumino's.
    this._observer.observe(this.node);
  }

  protected override onBeforeDetach(msg: Message): void {
    this._observer.disconnect();
    super.onBeforeDetach(msg);
  }

  private _arrange(isNarrow: boolean): void {
    const conversation = this._conversation;
    if (
      !conversation ||
      (isNarrow ? conversation.parent === this._tabs.stackedPanel : conversation.parent === this)
    ) {
      return;
    }
    this._isArranging = true;
    const isFirst = conversation.parent === null;
    if (isNarrow) {
      this._tabs.insertWidget(0, conversation);
      // It gets its place after the others, so what was chosen could not be brought to the front before.
      if (isFirst && ['', 'conversation'].includes(this._chosen)) {
        this._select('conversation');
      }
    } else {
      const wasInFront = this.current === 'conversation';
      this.insertWidget(0, conversation);
      conversation.show();
      // Lumino says so of panels in a tab panel, and leaves it there.
      conversation.node.removeAttribute('role');
      conversation.node.removeAttribute('aria-labelledby');
      if (wasInFront) {
        this._select('terminal');
      }
      this.setRelativeSizes([this._split, 100 - this._split]);
    }
    this._isArranging = false;
    this._changed.emit();
  }

  private _select(part: Part): void {
    const widget = this._parts[part];
    if (widget && this._tabs.widgets.includes(widget)) {
      this._tabs.currentWidget = widget;
    }
  }

  private _onTab(): void {
    if (!this._isArranging) {
      this._chosen = this.current;
      this._passFocus();
    }
    this._changed.emit();
  }

  /** Give the focus to the part that is in front now: that of one which is hidden would fall to the page. */
  private _passFocus(): void {
    const { activeElement } = document;
    const { currentWidget, stackedPanel, tabBar } = this._tabs;
    const isLost = stackedPanel.node.contains(activeElement) || activeElement === document.body;
    if (isLost || (this.current === 'terminal' && !tabBar.node.contains(activeElement))) {
      currentWidget?.node.focus({ preventScroll: true });
      currentWidget?.activate();
    }
  }

  private _conversation: Widget | null = null;
  private readonly _parts: Partial<Record<Part, Widget>>;
  private readonly _tabs: TabPanel;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _observer = new ResizeObserver(() => {
    MessageLoop.postMessage(this, Widget.ResizeMessage.UnknownSize);
  });
  private _chosen: Part | '';
  private _split: number;
  private _isArranging = false;
}
