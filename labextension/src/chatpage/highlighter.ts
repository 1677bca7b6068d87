import { jupyterHighlightStyle, type IEditorLanguageRegistry } from '@jupyterlab/codemirror';

import type { IHunk } from './patch';
import { linesIn, type IToken } from './token';

/** The most characters of a hunk that are coloured: a parser takes its time. */
const MOST = 100_000;

/** Colours code as Lab's editors do. */
export class Highlighter {
  constructor(languages: IEditorLanguageRegistry | null) {
    this._languages = languages;
  }

  /** The lines of a hunk in pieces; null where the language of the file is none that Lab knows. */
  async lines(path: string, hunk: IHunk): Promise<IToken[][] | null> {
    const language = this._languages?.findByFileName(path.split('/').at(-1) ?? '');
    const size = hunk.lines.reduce((sum, { text }) => sum + text.length, 0);
    if (!this._languages || !language || size > MOST) {
      return null;
    }
    mountStyle();
    // Each side is a text of its own: together they would be none of the language.
    const colour = async (without: '+' | '-') => {
      const side = hunk.lines.filter(({ sign }) => sign !== without);
      const box = document.createElement('pre');
      await this._languages!.highlight(side.map(({ text }) => text).join('\n'), language, box);
      return new Map(linesIn(box).map((tokens, index) => [side[index], tokens]));
    };
    const [before, after] = await Promise.all([colour('+'), colour('-')]);
    return hunk.lines.map(line => (line.sign === '-' ? before : after).get(line) ?? []);
  }

  private readonly _languages: IEditorLanguageRegistry | null;
}

/** The colours come with the first editor that is opened, which there may be none of. */
function mountStyle(): void {
  const id = 'jp-AgentHub-highlight';
  const rules = jupyterHighlightStyle.module?.getRules();
  if (rules && !document.getElementById(id)) {
    const style = document.createElement('style');
    style.id = id;
    style.textContent = rules;
    document.head.append(style);
  }
}
