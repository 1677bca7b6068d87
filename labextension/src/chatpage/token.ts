/** A piece of a line, and the class that colours it. */
export interface IToken {
  text: string;
  className: string;
}

/** The text of an element in lines, each in pieces of one class. */
export function linesIn(box: Element): IToken[][] {
  const lines: IToken[][] = [[]];
  for (const node of box.childNodes) {
    const className = node instanceof Element ? node.className : '';
    const [first = '', ...rest] = (node.textContent ?? '').split('\n');
    lines.at(-1)!.push({ text: first, className });
    lines.push(...rest.map(text => [{ text, className }]));
  }
  return lines.map(line => line.filter(({ text }) => text !== ''));
}
