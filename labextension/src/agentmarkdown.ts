import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

/**
 * Lab's parser for Markdown of an agent's, which draws no diagrams.
 *
 * A diagram's words may be pictures, and are laid out in the page before anything is taken out of them: their addresses
 * were asked.
 */
export class AgentMarkdown implements IRenderMime.IMarkdownParser {
  constructor(private readonly _inner: IRenderMime.IMarkdownParser) {}

  render(source: string): Promise<string> {
    // Of what stands behind a fence the parser takes away every kind of space.
    return this._inner.render(source.replace(/(`{3,}|~{3,})([^\S\n]*)mermaid/g, '$1$2text'));
  }
}
