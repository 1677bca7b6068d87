import type { Artifact, ArtifactVersion } from './api';
import { KINDS, typeOf, type ArtifactKind } from './artifactkinds';
import { trans } from './translation';

export type Grouping = 'prompt' | 'chat' | 'kind';

/** What a gallery shows of all that there is. */
export interface IGalleryChoice {
  query: string;
  kind: ArtifactKind | 'all';
  grouping: Grouping;
  /** Whether older versions are shown too. */
  all: boolean;
}

/** Files under one heading, the newest first. */
export interface IGalleryGroup {
  key: string;
  /** The number of the turn, where it is one. */
  turn: number | null;
  title: string;
  /** The chat, where the heading is not of a chat itself and other chats are shown as well. */
  chat: string;
  files: Artifact[];
}

/** What a file of a version is known by. */
export function keyOf(file: Artifact): string {
  return `${file.id}.${file.version}`;
}

/** An artifact as it was at one of its versions. */
export function atVersion(artifact: Artifact, version: ArtifactVersion): Artifact {
  const { size, sha256, turn, prompt, created_at } = version;
  return { ...artifact, version: version.version, size, sha256, turn, prompt, created_at };
}

/** Those that are looked for, by their name and by the prompt that made them, the newest first. */
export function chosen(
  files: readonly Artifact[],
  { query, kind }: Pick<IGalleryChoice, 'query' | 'kind'>
): Artifact[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return files
    .filter(file => {
      const about = `${file.name}\n${file.prompt}`.toLowerCase();
      return words.every(word => about.includes(word)) && isOf(kind, file);
    })
    .sort(newestFirst);
}

function isOf(kind: ArtifactKind | 'all', file: Artifact): boolean {
  return kind === 'all' || typeOf(file).kind === kind;
}

/**
 * Files under headings, in the order of the newest of each.
 *
 * @param nameOf - The name of a chat, by its id.
 * @param isOne - Whether all are of one chat, whose name needs no saying.
 */
export function grouped(
  files: readonly Artifact[],
  grouping: Grouping,
  nameOf: (chat: string) => string,
  isOne: boolean
): IGalleryGroup[] {
  const groups = new Map<string, IGalleryGroup>();
  for (const file of files) {
    const made = heading(file, grouping, nameOf, isOne);
    const group = groups.get(made.key);
    if (group) {
      group.files.push(file);
    } else {
      groups.set(made.key, { ...made, files: [file] });
    }
  }
  return [...groups.values()];
}

function heading(
  file: Artifact,
  grouping: Grouping,
  nameOf: (chat: string) => string,
  isOne: boolean
): Omit<IGalleryGroup, 'files'> {
  switch (grouping) {
    case 'prompt':
      return {
        key: `${file.chat} ${file.turn ?? ''}`,
        turn: file.turn,
        title:
          file.turn === null
            ? trans.__('In no prompt')
            : file.prompt.trim() || trans.__('An empty prompt'),
        chat: isOne ? '' : nameOf(file.chat)
      };
    case 'chat':
      return { key: file.chat, turn: null, title: nameOf(file.chat), chat: '' };
    case 'kind': {
      const { kind } = typeOf(file);
      const title = KINDS.find(({ value }) => value === kind)?.label() ?? '';
      return { key: kind, turn: null, title, chat: '' };
    }
  }
}

function newestFirst(a: Artifact, b: Artifact): number {
  return a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0;
}
