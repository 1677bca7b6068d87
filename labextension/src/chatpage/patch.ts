import type { FileChange } from '../api';

/** A line of a file before a change, after it, or both. */
export interface IPatchLine {
  sign: '+' | '-' | ' ';
  /** Its number in the file before the change; null where it is not in it. */
  before: number | null;
  /** Its number in the file after the change; null where it is not in it. */
  after: number | null;
  text: string;
}

/** Lines of a file that follow one on the other. */
export interface IHunk {
  /** Where in the file they are, as Git says it: the function, or the heading. */
  place: string;
  lines: IPatchLine[];
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)$/;

/** The hunks of a change to one file in the unified format, with or without a header. */
export function hunksOf(patch: string): IHunk[] {
  const hunks: IHunk[] = [];
  let hunk: IHunk | null = null;
  let [before, after] = [1, 1];
  for (const line of patch.replace(/\n$/, '').split('\n')) {
    const found = HUNK.exec(line);
    if (found) {
      hunk = { place: found[3] ?? '', lines: [] };
      hunks.push(hunk);
      [before, after] = [Number(found[1]), Number(found[2])];
      continue;
    }
    const sign = line[0] ?? ' ';
    // Before the first hunk is the header, and `\ No newline at end of file` is no line.
    if (!hunk || (sign !== '+' && sign !== '-' && sign !== ' ')) {
      continue;
    }
    hunk.lines.push({
      sign,
      before: sign === '+' ? null : before,
      after: sign === '-' ? null : after,
      text: line.slice(1)
    });
    before += sign === '+' ? 0 : 1;
    after += sign === '-' ? 0 : 1;
  }
  return hunks;
}

/** The hunks of what an agent says of a file: of a new one, or one that is gone, it tells the text. */
export function hunksOfChange({ kind, diff }: Pick<FileChange, 'kind' | 'diff'>): IHunk[] {
  if (kind === 'update') {
    return hunksOf(diff);
  }
  const isNew = kind === 'add';
  const lines = diff === '' ? [] : diff.replace(/\n$/, '').split('\n');
  return [
    {
      place: '',
      lines: lines.map((text, index) => ({
        sign: isNew ? '+' : '-',
        before: isNew ? null : index + 1,
        after: isNew ? index + 1 : null,
        text
      }))
    }
  ];
}

/** The first lines of hunks, so many as can be drawn at once. */
export function firstLines(hunks: readonly IHunk[], most: number): IHunk[] {
  const shown: IHunk[] = [];
  let room = most;
  for (const hunk of hunks) {
    if (room <= 0) {
      break;
    }
    shown.push(hunk.lines.length <= room ? hunk : { ...hunk, lines: hunk.lines.slice(0, room) });
    room -= hunk.lines.length;
  }
  return shown;
}
