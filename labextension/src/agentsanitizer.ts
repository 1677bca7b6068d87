import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import { trans } from './translation';

/** What would fetch something, ask for something, or look like a part of Lab. */
const FORBIDDEN =
  'video,audio,source,track,iframe,object,embed,form,button,select,textarea,link,style,svg,math,map,area,dialog';

const ATTRIBUTES = new Set([
  'href',
  'title',
  'align',
  'colspan',
  'rowspan',
  'start',
  'dir',
  'lang'
]);

/** How many columns or rows of a table a cell may take: a few that take a thousand each stop the page. */
const SPAN = 100;

/** Of what Lab's Markdown gives to code. */
const CODE_CLASS = /^(ͼ.+|language-[\w+#-]+)$/;

/**
 * Lab's sanitizer for what an agent says.
 *
 * An agent may repeat what a web page told it to. Nothing is fetched by looking at it (the address of a picture can carry
 * away what the agent has read), nothing is run by a click, and nothing looks as if it were Lab's.
 */
export class AgentSanitizer implements IRenderMime.ISanitizer {
  constructor(inner: IRenderMime.ISanitizer) {
    this._inner = inner;
  }

  readonly allowNamedProperties = false;

  sanitize(dirty: string, options?: IRenderMime.ISanitizerOptions): string {
    const clean = this._inner.sanitize(dirty, options);
    // A document of its own: what is in it is never fetched.
    const { body } = new DOMParser().parseFromString(clean, 'text/html');
    for (const picture of body.querySelectorAll('img')) {
      picture.replaceWith(linkTo(picture));
    }
    for (const box of body.querySelectorAll('input')) {
      box.replaceWith(box.type === 'checkbox' ? (box.checked ? '☑' : '☐') : '');
    }
    for (const element of body.querySelectorAll(FORBIDDEN)) {
      element.remove();
    }
    for (const element of body.querySelectorAll('*')) {
      strip(element);
    }
    return body.innerHTML;
  }

  private readonly _inner: IRenderMime.ISanitizer;
}

/** A picture that is not fetched: whoever wants to see it may go there. */
function linkTo(picture: HTMLImageElement): HTMLAnchorElement {
  const link = picture.ownerDocument.createElement('a');
  link.textContent = picture.alt || trans.__('Picture');
  link.setAttribute('href', picture.getAttribute('src') ?? '');
  return link;
}

function strip(element: Element): void {
  const classes = [...element.classList].filter(name => CODE_CLASS.test(name));
  for (const { name } of [...element.attributes]) {
    if (!ATTRIBUTES.has(name)) {
      element.removeAttribute(name);
    }
  }
  for (const name of ['colspan', 'rowspan']) {
    if (Number(element.getAttribute(name)) > SPAN) {
      element.removeAttribute(name);
    }
  }
  if (classes.length > 0) {
    element.className = classes.join(' ');
  }
  const address = element.getAttribute('href');
  if (address !== null) {
    if (element.localName === 'a' && /^(https?:\/\/|mailto:)/i.test(address)) {
      element.setAttribute('target', '_blank');
      element.setAttribute('rel', 'noopener noreferrer');
    } else {
      element.removeAttribute('href');
    }
  }
}
