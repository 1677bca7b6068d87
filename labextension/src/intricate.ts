/** The most marks of emphasis in one block: to find the end of one, a parser looks through all that come after it. */
const MARKS = 1000;

/** The longest word. */
const WORD = 5000;

/**
 * Whether Markdown would take a parser so long that the page stood still meanwhile.
 *
 * An agent may say such a thing in a few kilobytes. It is shown as the text that it is.
 */
export function isIntricate(markdown: string): boolean {
  let marks = 0;
  for (const line of markdown.split(/\r\n?|\n/)) {
    // Nothing goes on behind an empty line; what else cannot be seen makes none.
    if (/^[ \t]*$/.test(line)) {
      marks = 0;
    }
    marks += line.split(/[*_]/).length - 1;
    if (marks > MARKS || line.split(/[ \t]/).some(word => word.length > WORD)) {
      return true;
    }
  }
  return false;
}
