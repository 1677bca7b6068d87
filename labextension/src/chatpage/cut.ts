/** A text that is short enough to be drawn at once, and how many characters of it were left out. */
export interface ICut {
  text: string;
  left: number;
}

/** The beginning of a text, at the end of a line where there is one near. */
export function beginning(text: string, most: number): ICut {
  if (text.length <= most) {
    return { text, left: 0 };
  }
  const line = text.lastIndexOf('\n', most);
  const shown = text.slice(0, line > most / 2 ? line : most);
  return { text: shown, left: text.length - shown.length };
}

/** The end of a text, from the beginning of a line where there is one near. */
export function ending(text: string, most: number): ICut {
  if (text.length <= most) {
    return { text, left: 0 };
  }
  const from = text.length - most;
  const line = text.indexOf('\n', from);
  const shown = text.slice(line >= 0 && line < from + most / 2 ? line + 1 : from);
  return { text: shown, left: text.length - shown.length };
}
