import type { Artifact, Chat, HubApi } from './api';

/** How many chats are asked at once. */
const MOST = 20;

/** How much more often a running chat is asked than one that can publish nothing. */
const EAGERNESS = 10;

/** What chats published, asked for over REST, where each chat costs a request: a few at a time, in turn. */
export class PolledArtifacts {
  constructor(api: HubApi) {
    this._api = api;
  }

  /** Ask those chats whose answers are the oldest; the result is what is known of all. */
  async poll(chats: readonly Chat[]): Promise<Artifact[]> {
    this._round += 1;
    const due = [...chats].sort((a, b) => this._age(b) - this._age(a)).slice(0, MOST);
    const answers = await Promise.all(due.map(chat => this._api.artifacts(chat.id)));
    due.forEach((chat, index) => {
      this._known.set(chat.id, { round: this._round, artifacts: answers[index]! });
    });
    const there = new Set(chats.map(chat => chat.id));
    for (const id of this._known.keys()) {
      if (!there.has(id)) {
        this._known.delete(id);
      }
    }
    return [...this._known.values()].flatMap(({ artifacts }) => artifacts);
  }

  private _age(chat: Chat): number {
    const known = this._known.get(chat.id);
    const weight = chat.status === 'running' ? EAGERNESS : 1;
    return known ? (this._round - known.round) * weight : Number.MAX_SAFE_INTEGER;
  }

  private readonly _api: HubApi;
  private readonly _known = new Map<string, { round: number; artifacts: Artifact[] }>();
  private _round = 0;
}
