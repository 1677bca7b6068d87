import React, { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { MimeModel, type IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';

import { isIntricate } from '../../intricate';

const TYPE = 'text/markdown';

/** Of the time that passes, the part that text which grows may take to be drawn. */
const SHARE = 1 / 4;

interface IMarkdownProps {
  text: string;
  rendermime: IRenderMimeRegistry;
}

/** What an agent says, drawn by Lab's own renderer; as text where that cannot draw it, or would take too long. */
export function Markdown(props: IMarkdownProps): JSX.Element {
  const { text } = props;
  const [hasFailed, setFailed] = useState(false);
  const isPlain = useMemo(() => isIntricate(text), [text]);
  return hasFailed || isPlain ? (
    <pre className="jp-AgentHub-plainText" tabIndex={0}>
      {text}
    </pre>
  ) : (
    <Drawn {...props} onFailed={() => setFailed(true)} />
  );
}

function Drawn(props: IMarkdownProps & { onFailed: () => void }): JSX.Element {
  const { text, rendermime } = props;
  const onFailed = useRef(props.onFailed);
  const node = useRef<HTMLDivElement>(null);
  const renderer = useRef<MarkdownRenderer | null>(null);
  // Lumino takes a widget only from a page that it is still in.
  useLayoutEffect(() => {
    const made = new MarkdownRenderer(rendermime, node.current!, () => onFailed.current());
    renderer.current = made;
    return () => made.dispose();
  }, [rendermime]);
  useEffect(() => renderer.current?.show(text), [rendermime, text]);
  return <div ref={node} className="jp-AgentHub-markdown" dir="auto" />;
}

/** Draws a text that may grow, as often as there is time for. */
class MarkdownRenderer {
  constructor(
    rendermime: IRenderMimeRegistry,
    host: HTMLElement,
    private readonly _onFailed: () => void
  ) {
    this._renderer = rendermime.createRenderer(TYPE);
    Widget.attach(this._renderer, host);
  }

  show(text: string): void {
    this._text = text;
    if (!this._isBusy && this._timer === undefined) {
      void this._draw();
    }
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._renderer.dispose();
  }

  private async _draw(): Promise<void> {
    const drawn = this._text;
    const begun = performance.now();
    this._isBusy = true;
    const model = new MimeModel({ data: { [TYPE]: drawn }, trusted: false });
    try {
      await this._renderer.renderModel(model);
    } catch (reason) {
      console.warn('Agent Hub could not draw what an agent says.', reason);
      this._onFailed();
      return;
    }
    this._isBusy = false;
    if (this._renderer.isDisposed) {
      return;
    }
    const pause = (performance.now() - begun) / SHARE;
    this._timer = setTimeout(() => {
      this._timer = undefined;
      if (this._text !== drawn) {
        void this._draw();
      }
    }, pause);
  }

  private readonly _renderer: IRenderMime.IRenderer;
  private _text = '';
  private _isBusy = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
