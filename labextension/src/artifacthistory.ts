import { Signal, type ISignal } from '@lumino/signaling';

import { HubError, type Artifact, type ArtifactVersion, type HubApi } from './api';

/**
 * The versions of artifacts, asked for when somebody looks: the events tell of the newest of each alone.
 *
 * A chat is asked for as a whole, and again once one of its artifacts has a version that is not known.
 */
export class ArtifactHistory {
  constructor(private readonly _api: HubApi) {}

  /** Something was answered. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Why the versions of a chat are not known; null where they are, or are being asked for. */
  failure(chat: string): HubError | null {
    return this._failures.get(chat) ?? null;
  }

  /** How often something was answered: until it is another, {@link of} gives the same of the same artifacts. */
  get revision(): number {
    return this._revision;
  }

  /** Every version of an artifact, oldest first; before the answer is there, the newest alone. */
  of(artifact: Artifact): readonly ArtifactVersion[] {
    const known = this._known.get(artifact.id) ?? [];
    const last = known.at(-1)?.version ?? 0;
    // Where the answer was quicker than the event, it knows of newer ones.
    if (last >= artifact.version) {
      return known;
    }
    const versions = [...known, newest(artifact)];
    if (last === artifact.version - 1) {
      // None is missing in between, so nobody needs to be asked for all of them.
      this._known.set(artifact.id, versions);
    } else {
      this._ask(artifact.chat);
    }
    return versions;
  }

  /** Ask again where that failed. */
  retry(chat: string): void {
    this._failures.delete(chat);
    this._ask(chat);
  }

  private _ask(chat: string): void {
    if (this._asked.has(chat) || this._failures.has(chat)) {
      return;
    }
    this._asked.add(chat);
    void this._api
      .artifactVersions(chat)
      .then(versions => this._take(versions))
      .catch(reason => this._failures.set(chat, HubError.from(reason)))
      .finally(() => {
        this._asked.delete(chat);
        this._revision++;
        this._changed.emit();
      });
  }

  private _take(versions: readonly ArtifactVersion[]): void {
    const found = new Map<string, ArtifactVersion[]>();
    for (const version of versions) {
      const others = found.get(version.artifact);
      if (others) {
        others.push(version);
      } else {
        found.set(version.artifact, [version]);
      }
    }
    for (const [artifact, known] of found) {
      this._known.set(artifact, known);
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _known = new Map<string, ArtifactVersion[]>();
  private readonly _asked = new Set<string>();
  private _revision = 0;
  private readonly _failures = new Map<string, HubError>();
}

function newest(artifact: Artifact): ArtifactVersion {
  const { id, version, size, sha256, turn, prompt, created_at } = artifact;
  return { artifact: id, version, size, sha256, turn, prompt, created_at };
}
