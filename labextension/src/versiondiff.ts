import { hunksOf, type IHunk } from './chatpage/patch';

/** How long two texts are compared, in milliseconds: it is done in one go. */
const LONGEST = 1000;

/** Lines around a change that are shown as well. */
const CONTEXT = 3;

/** What changed between two texts; null where that is too much to be told in a moment. */
export async function hunksBetween(before: string, after: string): Promise<IHunk[] | null> {
  const { structuredPatch } = await import('diff');
  const patch = structuredPatch('', '', before, after, '', '', {
    context: CONTEXT,
    timeout: LONGEST
  });
  if (!patch) {
    return null;
  }
  const lines = patch.hunks.flatMap(hunk => [
    `@@ -${hunk.oldStart} +${hunk.newStart} @@`,
    ...hunk.lines
  ]);
  return hunksOf(lines.join('\n'));
}

/** JSON in one line, as programs write it, with a line for each value: what changed in it would be all of it. */
export function laidOut(text: string): string {
  if (text.trimEnd().includes('\n')) {
    return text;
  }
  try {
    return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
  } catch (reason) {
    if (reason instanceof SyntaxError) {
      return text;
    }
    throw reason;
  }
}
