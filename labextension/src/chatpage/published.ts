import type { Artifact, Turn } from '../api';
import type { IKnownTurn } from './conversation';

/** What a chat published within one turn. */
export interface IPublished {
  /** Null for what was published in no turn. */
  turn: Turn | null;
  /** The newest first; of each file the last version that is of this turn. */
  artifacts: Artifact[];
}

/**
 * What was published, by the turn in which it was: the newest turn first, what belongs to none last.
 *
 * @param artifacts - At each of their versions, the newer ones of each file after the older.
 */
export function byTurn(artifacts: readonly Artifact[], turns: readonly IKnownTurn[]): IPublished[] {
  const groups = new Map<number, IPublished>();
  const none: IPublished = { turn: null, artifacts: [] };
  for (const artifact of artifacts) {
    const turn = turnOf(artifact, turns);
    const group = turn ? (groups.get(turn.number) ?? { turn, artifacts: [] }) : none;
    const before = group.artifacts.findIndex(({ id }) => id === artifact.id);
    group.artifacts.splice(before < 0 ? group.artifacts.length : before, 1, artifact);
    if (turn) {
      groups.set(turn.number, group);
    }
  }
  const sorted = [...groups.values()].sort((a, b) => b.turn!.number - a.turn!.number);
  return none.artifacts.length > 0 ? [...sorted, none] : sorted;
}

/** The turn in which an artifact was published, where that is known. */
function turnOf(artifact: Artifact, turns: readonly IKnownTurn[]): Turn | null {
  return turns.find(({ turn }) => turn.number === artifact.turn)?.turn ?? null;
}
