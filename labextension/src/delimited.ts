/**
 * The first rows of a table in text, as RFC 4180 has it: a field in quotes may hold anything, its quotes doubled.
 *
 * @param isWhole - Whether the text ends where the file does; else its last line may be a part of one.
 */
export function delimited(
  text: string,
  delimiter: string,
  most: number,
  isWhole: boolean
): string[][] {
  const rows: string[][] = [];
  const field = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"${delimiter}\\r\\n][^${delimiter}\\r\\n]*)?)(${delimiter}|\\r?\\n|\\r|$)`,
    'y'
  );
  let row: string[] = [];
  while (field.lastIndex < text.length && rows.length < most) {
    const found = field.exec(text);
    if (!found) {
      // A quote that is not closed, or stands in the middle: what follows cannot be told apart.
      return rows;
    }
    const [, quoted, bare = '', end] = found;
    row.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end !== delimiter) {
      if (end !== '' || isWhole) {
        rows.push(row);
      }
      row = [];
    }
  }
  return rows;
}
