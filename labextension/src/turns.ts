import type { Item, Turn, TurnEvent } from './api';
import { trans } from './translation';

type Files = Extract<Item, { type: 'files' }>;

/** Whether nothing more happens in a turn. */
export function isOver({ status }: Pick<Turn, 'status'>): boolean {
  return status === 'completed' || status === 'failed' || status === 'interrupted';
}

/** Whether the agent works on a turn, or waits within it. */
export function isAtWork({ status }: Pick<Turn, 'status'>): boolean {
  return status === 'running' || status === 'waiting';
}

/** Which turn an event is about. */
export function numberOf(event: TurnEvent): number {
  return event.type === 'turn' ? event.turn.number : event.number;
}

/** A turn after something happened in it; text of an item that is not known is left out. */
export function after(turn: Turn, event: TurnEvent): Turn {
  if (event.type === 'turn') {
    return { ...event.turn, items: turn.items };
  }
  const id = event.type === 'item' ? event.item.id : event.item;
  const at = turn.items.findLastIndex(item => item.id === id);
  if (at < 0) {
    return event.type === 'item' ? { ...turn, items: [...turn.items, event.item] } : turn;
  }
  const items = [...turn.items];
  const known = items[at]!;
  items[at] = event.type === 'item' ? event.item : { ...known, text: known.text + event.text };
  return { ...turn, items };
}

/** Whether an item is something that the agent tried and that went wrong. */
export function hasFailed(item: Item): boolean {
  return item.status === 'failed' || (item.type === 'command' && (item.exit_code ?? 0) !== 0);
}

/** What happened in a turn, in a few words: `9 commands, 4 files edited, answer of 180 words`. */
export function summary(items: readonly Item[]): string {
  const commands = items.filter(({ type }) => type === 'command').length;
  const tools = items.filter(({ type }) => type === 'tool').length;
  const edits = items.filter((item): item is Files => item.type === 'files');
  const files = new Set(edits.flatMap(({ changes }) => changes.map(({ path }) => path))).size;
  const words = items
    .filter(({ type }) => type === 'message')
    .reduce((sum, { text }) => sum + wordsIn(text), 0);
  return [
    commands > 0 && trans._n('%1 command', '%1 commands', commands),
    files > 0 && trans._n('%1 file edited', '%1 files edited', files),
    tools > 0 && trans._n('%1 other step', '%1 other steps', tools),
    words > 0 && trans._n('answer of %1 word', 'answer of %1 words', words)
  ]
    .filter(Boolean)
    .join(', ');
}

function wordsIn(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** What becomes of a file, as a line: `update src/train.py`. */
export function changeWords({ kind, path, moved_to: target }: Files['changes'][number]): string {
  const paths = target ? `${path} → ${target}` : path;
  switch (kind) {
    case 'add':
      return trans.__('add %1', paths);
    case 'delete':
      return trans.__('delete %1', paths);
    case 'update':
      return trans.__('update %1', paths);
  }
}

/** How many lines a change to files adds and removes. */
export function lineCounts(changes: Files['changes']): { added: number; removed: number } {
  const counts = { added: 0, removed: 0 };
  for (const { kind, diff } of changes) {
    if (kind !== 'update') {
      // Of a file that is new, or gone, the text itself is told.
      const lines = diff === '' ? 0 : diff.replace(/\n$/, '').split('\n').length;
      counts[kind === 'add' ? 'added' : 'removed'] += lines;
      continue;
    }
    for (const line of diff.split('\n')) {
      if (line.startsWith('+')) {
        counts.added += 1;
      } else if (line.startsWith('-')) {
        counts.removed += 1;
      }
    }
  }
  return counts;
}
