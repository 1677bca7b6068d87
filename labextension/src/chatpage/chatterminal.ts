import { ITerminal, Terminal } from '@jupyterlab/terminal';
import type { Message } from '@lumino/messaging';

import type { IScreen } from '../scrollback';

interface IXterm extends IScreen {
  readonly options: { minimumContrastRatio?: number };
}

/**
 * The least of a text to what is behind it, as WCAG 2 asks. An agent asks for the colours of its terminal once: after the
 * theme has changed, its own are for the one before.
 */
const CONTRAST = 4.5;

export const OWN = { initialCommand: '', shutdownOnClose: false, closeOnExit: false };

/** By it the hub knows a terminal that is folded away: it does not press the same one together in another window. */
const FOLDED = [1, 1, 0, 0];

/** Lab's terminal, but that it never ends a chat, whatever is set for Lab's own terminals. */
export class ChatTerminal extends Terminal {
  constructor(...args: ConstructorParameters<typeof Terminal>) {
    super(...args);
    void this.ready.then(() => {
      if (this.screen) {
        this.screen.options.minimumContrastRatio = CONTRAST;
      }
    });
  }

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

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    if (!this.session.isDisposed && this.session.connectionStatus === 'connected') {
      this.session.send({ type: 'set_size', content: FOLDED });
    }
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    // Its size is told again, also where it is what it was.
    this.fit();
  }
}
