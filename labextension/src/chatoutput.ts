import type { ISessionContext } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Kernel } from '@jupyterlab/services';
import { PanelLayout, Widget } from '@lumino/widgets';

/** What the notebook library marks the output of a chat with (`card_widget.py`). */
export const CHAT_MIME_TYPE = 'application/vnd.agent-hub.chat+json';

export const WIDGET_MIME_TYPE = 'application/vnd.jupyter.widget-view+json';

/** Between two looks whether the notebook's widgets have got their kernel, which nothing tells. */
const LOOK_MS = 200;

const OVER: Kernel.Status[] = ['restarting', 'autorestarting', 'terminating', 'dead'];

interface IOptions {
  /** The notebook's own. */
  rendermime: IRenderMimeRegistry;
  session: ISessionContext;
  /** Whether widgets are shown by it as those of the notebook's kernel. */
  hasWidgets: () => boolean;
}

/**
 * A chat in a notebook: its live card, and until that is there, or where no kernel has it any more, the conversation as
 * it was saved.
 *
 * Lab itself prefers a widget to HTML even where there is no kernel, and shows “Loading widget…” then. Where an output
 * is updated it makes the widget's view anew, and the focus is gone. And of a kernel that was restarted, it leaves the
 * widgets as if they were live.
 */
export class ChatOutput extends Widget implements IRenderMime.IRenderer {
  constructor(private readonly _options: IOptions) {
    super();
    this.layout = new PanelLayout();
    this._observer = new MutationObserver(() => this._choose());
    _options.session.statusChanged.connect(this._follow, this);
    _options.session.connectionStatusChanged.connect(this._reach, this);
    _options.session.kernelChanged.connect(this._lose, this);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const saved = this._options.rendermime.createRenderer('text/html');
    await saved.renderModel(model);
    this._saved?.dispose();
    this._saved = saved;
    (this.layout as PanelLayout).addWidget(saved);
    const view = JSON.stringify(model.data[WIDGET_MIME_TYPE] ?? null);
    if (view !== this._view) {
      this._view = view;
      this._live?.dispose();
      this._live = null;
      this._showLive(model);
    }
    this._choose();
  }

  override dispose(): void {
    clearTimeout(this._look);
    this._observer.disconnect();
    super.dispose();
  }

  private _showLive(model: IRenderMime.IMimeModel): void {
    clearTimeout(this._look);
    if (!this._options.hasWidgets()) {
      this._look = setTimeout(() => this._showLive(model), LOOK_MS);
      return;
    }
    const live = this._options.rendermime.createRenderer(WIDGET_MIME_TYPE);
    this._live = live;
    (this.layout as PanelLayout).addWidget(live);
    this._observer.disconnect();
    this._observer.observe(live.node, { childList: true, subtree: true });
    // Not waited for: it ends when the kernel has the widget, which may be never.
    void live.renderModel(model).catch(() => undefined);
    this._choose();
  }

  private _choose(): void {
    const isLive = this._cards().length > 0;
    this._live?.setHidden(!isLive);
    this._saved?.setHidden(isLive);
  }

  private _follow(_: ISessionContext, status: Kernel.Status): void {
    if (OVER.includes(status)) {
      this._lose();
    }
  }

  /** The kernel is another one, or none. */
  private _lose(): void {
    for (const card of this._cards()) {
      // What widgets are marked with that have lost their kernel: the card says so (`card.css`).
      card.classList.add('jupyter-widgets-disconnected');
    }
  }

  /** The server may be away, and what a card shows be old. */
  private _reach(_: ISessionContext, status: Kernel.ConnectionStatus): void {
    for (const card of this._cards()) {
      card.classList.toggle('agent-hub-away', status !== 'connected');
    }
  }

  private _cards(): Element[] {
    return [...(this._live?.node.querySelectorAll('.agent-hub-card') ?? [])];
  }

  private readonly _observer: MutationObserver;
  private _look: ReturnType<typeof setTimeout> | undefined;
  private _saved: Widget | null = null;
  private _live: IRenderMime.IRenderer | null = null;
  private _view = '';
}
