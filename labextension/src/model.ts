import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import {
  HubError,
  type Artifact,
  type Chat,
  type ChatStatus,
  type HubApi,
  type NewChat,
  type NewProject,
  type Project,
  type ProjectChange,
  type Status
} from './api';
import { activityOf, RANK, type Activity } from './activity';
import { Collection } from './collection';
import { DeletedChats } from './deletedchats';
import { isBuilding } from './format';
import { isSame, type IOutage } from './outage';
import { PendingChats, type IChatRequest } from './pendingchats';
import type { EventStream, HubEvent, StreamState } from './stream';
import { trans } from './translation';

/** Orders `run 2` before `run 10`. */
const NAMES = new Intl.Collator(undefined, { numeric: true });

/** What changed: one thing, or `all` after a snapshot and whenever the connection changes. */
export interface IHubChange {
  kind: 'all' | 'status' | 'project' | 'chat' | 'artifact';
  /** The id of the one that changed. */
  id: string;
}

const ALL: IHubChange = { kind: 'all', id: '' };

/**
 * What the front end knows of the hub: the server's state, kept by events, and what was asked for but not answered.
 *
 * It has no DOM. Requests reject with a `HubError`; `addChat` does not: its refusal is the row's state. What an event
 * costs does not grow with the number of chats; lists are put in order when they are read.
 */
export class HubModel implements IDisposable {
  constructor(api: HubApi, stream: EventStream) {
    this.api = api;
    this.stream = stream;
    this.deleted = new DeletedChats(api);
    stream.event.connect(this._onEvent, this);
    stream.stateChanged.connect(this._onState, this);
  }

  readonly api: HubApi;
  readonly stream: EventStream;

  /** Chats that were deleted, and whose unsaved work is kept for a while. */
  readonly deleted: DeletedChats;

  /** The chat or the project whose tab is in front; `null` where the tab is something else's. */
  inFront: string | null = null;

  /** Something changed. */
  get changed(): ISignal<this, IHubChange> {
    return this._changed;
  }

  /** An artifact, or a new version of one, arrived while this page was open. */
  get artifactAdded(): ISignal<this, Artifact> {
    return this._artifactAdded;
  }

  /** `null` until the first snapshot. */
  get status(): Status | null {
    return this._status;
  }

  get connection(): StreamState {
    return this.stream.state;
  }

  /** Why it is not known what chats do; `null` while it is. */
  get outage(): IOutage | null {
    return this._outage;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** By name. */
  get projects(): readonly Project[] {
    return this._projects.values;
  }

  /** Those that wait for the person first, then what works; among the same, the newest. */
  get chats(): readonly Chat[] {
    return this._shown.values;
  }

  /** The newest first. */
  get artifacts(): readonly Artifact[] {
    return this._artifacts.values;
  }

  project(id: string): Project | undefined {
    return this._projects.get(id);
  }

  chat(id: string): Chat | undefined {
    return this._shown.get(id);
  }

  artifact(id: string): Artifact | undefined {
    return this._artifacts.get(id);
  }

  artifactsOf(chat: string): readonly Artifact[] {
    return this._published.get(chat)?.values ?? NONE;
  }

  /** How many chats do this. */
  count(activity: Activity): number {
    return this._counts.get(activity) ?? 0;
  }

  /** The project a new chat goes to where none was named: the one in front, else the one last used, if one can start there. */
  get currentProject(): Project | undefined {
    const projects = [...this._projects.values].sort(newest);
    const able = projects.filter(({ snapshot, build }) => snapshot !== null || isBuilding(build));
    const choice = new Set((able.length > 0 ? able : projects).map(({ id }) => id));
    const front = this.inFront === null ? '' : (this.chat(this.inFront)?.project ?? this.inFront);
    if (choice.has(front)) {
      return this._projects.get(front);
    }
    let last: Chat | undefined;
    for (const chat of this._chats.values()) {
      if (choice.has(chat.project) && (!last || newest(chat, last) < 0)) {
        last = chat;
      }
    }
    const [first] = choice;
    return this._projects.get(last?.project ?? first ?? '');
  }

  agentTitle(name: string): string {
    return this._status?.agents.find(agent => agent.name === name)?.title ?? name;
  }

  /** Whether the server has not answered for this chat, or refused it. */
  isPending(id: string): boolean {
    return PendingChats.has(id);
  }

  async checkEngine(): Promise<void> {
    this._setStatus(await this.api.checkEngine());
    this._announce({ kind: 'status', id: 'status' });
  }

  async addProject(body: NewProject): Promise<Project> {
    const project = await this.api.addProject(body);
    if (!this._projects.get(project.id)) {
      this._projects.put(project);
      this._announce({ kind: 'project', id: project.id });
    }
    return project;
  }

  async changeProject(id: string, body: ProjectChange): Promise<Project> {
    return this.api.changeProject(id, body);
  }

  async deleteProject(id: string, force = false): Promise<void> {
    await this.api.deleteProject(id, force);
  }

  /** The row is there at once; the result is the chat, or `null` where the server refused it. */
  async addChat(body: NewChat): Promise<Chat | null> {
    const agent = body.agent ?? this._projects.get(body.project)?.agent ?? '';
    const name = body.name ?? trans.__('New %1 chat', this.agentTitle(agent));
    return this._post(this._pending.add(body, name, agent));
  }

  /** Ask once more for a chat that was refused. */
  async retryChat(id: string): Promise<Chat | null> {
    const request = this._pending.restart(id);
    return request && this._post(request);
  }

  /** Remove the row of a chat that was refused. */
  dismissChat(id: string): void {
    this._pending.remove(id);
    this._show(id);
  }

  /** Take a chat that the server answered with, unless its event was faster: that may say more. */
  keepChat(chat: Chat): Chat {
    if (!this._chats.has(chat.id)) {
      this._chats.set(chat.id, chat);
      this._show(chat.id);
    }
    return chat;
  }

  async startChat(id: string): Promise<void> {
    await this._expect(id, 'starting', () => this.api.startChat(id));
  }

  async stopChat(id: string): Promise<void> {
    await this._expect(id, 'stopping', () => this.api.stopChat(id));
  }

  async renameChat(id: string, name: string): Promise<void> {
    await this.api.renameChat(id, name);
  }

  async limitChat(id: string, tokenBudget: number | null): Promise<void> {
    await this.api.limitChat(id, tokenBudget);
  }

  async deleteChat(id: string, force = false): Promise<void> {
    await this._expect(id, 'deleting', () => this.api.deleteChat(id, force));
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.stream.dispose();
    this.deleted.dispose();
    Signal.clearData(this);
  }

  private async _post(request: IChatRequest): Promise<Chat | null> {
    const { id, body, key } = request;
    this._show(id);
    try {
      const chat = await this.api.newChat(body, key);
      this._pending.remove(id);
      this._show(id);
      return this.keepChat(chat);
    } catch (reason) {
      this._pending.refuse(id, HubError.from(reason));
      this._show(id);
      return null;
    }
  }

  /** Show a chat in the state that a request is about to bring, until it is answered. */
  private async _expect(id: string, status: ChatStatus, request: () => Promise<unknown>) {
    this._expected.set(id, status);
    this._show(id);
    try {
      await request();
    } finally {
      this._expected.delete(id);
      this._show(id);
    }
  }

  /** Bring a chat's row up to date with what is known and expected of it. */
  private _show(id: string): void {
    const before = this._shown.get(id);
    const after = this._row(id);
    this._tally(before, -1);
    this._tally(after, 1);
    if (after) {
      this._shown.put(after);
    } else {
      this._shown.delete(id);
    }
    this._announce({ kind: 'chat', id });
  }

  private _row(id: string): Chat | undefined {
    const chat = this._chats.get(id);
    const status = this._expected.get(id);
    if (!chat) {
      return this._pending.row(id, settled => this._chats.has(settled));
    }
    return status ? { ...chat, status } : chat;
  }

  private _tally(chat: Chat | undefined, change: number): void {
    if (chat) {
      const activity = activityOf(chat);
      this._counts.set(activity, this.count(activity) + change);
    }
  }

  private _onState(): void {
    this._look();
    this._announce(ALL);
  }

  private _onEvent(_: EventStream, event: HubEvent): void {
    if (event.type !== 'snapshot' && event.type !== 'change') {
      return;
    }
    if (event.type === 'snapshot') {
      this._setStatus(event.status);
      this._projects.reset(event.projects);
      this._resetChats(event.chats);
      this._published.clear();
      this._artifacts.reset(event.artifacts);
      for (const artifact of event.artifacts) {
        this._fileUnderChat(artifact);
      }
      this._announce(ALL);
      this.deleted.refresh();
    } else if (event.kind === 'chat') {
      this._onChat(event.id, event.value);
    } else if (event.kind === 'artifact') {
      this._onArtifact(event.id, event.value);
    } else {
      if (event.kind === 'status' && event.value) {
        this._setStatus(event.value);
      } else if (event.kind === 'project' && event.value) {
        this._projects.put(event.value);
      } else if (event.kind === 'project') {
        this._projects.delete(event.id);
      }
      this._announce({ kind: event.kind, id: event.id });
    }
  }

  private _onChat(id: string, chat: Chat | null): void {
    if (!chat) {
      this._chats.delete(id);
      this.deleted.refresh();
    } else {
      const row = this._chats.has(id) ? null : this._pending.match(chat);
      this._chats.set(id, chat);
      if (row !== null) {
        this._show(row);
      }
    }
    this._show(id);
  }

  private _onArtifact(id: string, artifact: Artifact | null): void {
    const known = this._artifacts.get(id);
    if (artifact) {
      this._artifacts.put(artifact);
      this._fileUnderChat(artifact);
    } else if (known) {
      this._artifacts.delete(id);
      this._published.get(known.chat)?.delete(id);
    }
    this._announce({ kind: 'artifact', id });
    if (artifact && artifact.version !== known?.version) {
      this._artifactAdded.emit(artifact);
    }
  }

  private _fileUnderChat(artifact: Artifact): void {
    let published = this._published.get(artifact.chat);
    if (!published) {
      published = new Collection<Artifact>(newest);
      this._published.set(artifact.chat, published);
    }
    published.put(artifact);
  }

  private _resetChats(chats: readonly Chat[]): void {
    this._chats = new Map(chats.map(chat => [chat.id, chat]));
    const ids = [...this._chats.keys(), ...this._pending.ids];
    const rows = ids.map(id => this._row(id)).filter(row => row !== undefined);
    this._shown.reset(rows);
    this._counts.clear();
    for (const row of rows) {
      this._tally(row, 1);
    }
  }

  private _setStatus(status: Status): void {
    if (status.engine.reachable) {
      this._engineLost = '';
    } else if (this._status?.engine.reachable) {
      this._engineLost = status.engine.checked_at;
    }
    this._status = status;
    this._look();
  }

  /** See whether what chats do is known. */
  private _look(): void {
    const found = this._findOutage();
    if (!isSame(found, this._outage)) {
      this._outage = found;
    }
  }

  private _findOutage(): IOutage | null {
    if (this.connection === 'offline') {
      const { failure, lastSeen } = this.stream;
      const isGone = !failure || failure.status === 0;
      const reason = isGone ? trans.__('The hub does not answer') : failure.message;
      return { kind: 'hub', since: lastSeen, reason };
    }
    const engine = this._status?.engine;
    if (engine && !engine.reachable) {
      const reason =
        engine.kind === 'docker'
          ? trans.__('Docker does not answer')
          : trans.__('The engine does not answer');
      return { kind: 'engine', since: this._engineLost, reason };
    }
    return null;
  }

  private _announce(change: IHubChange): void {
    this._changed.emit(change);
  }

  private readonly _changed = new Signal<this, IHubChange>(this);
  private readonly _artifactAdded = new Signal<this, Artifact>(this);
  private readonly _pending = new PendingChats();
  private readonly _expected = new Map<string, ChatStatus>();
  private readonly _projects = new Collection<Project>(
    (a, b) => NAMES.compare(a.name, b.name) || newest(a, b)
  );
  /** The chats as the server knows them. */
  private _chats = new Map<string, Chat>();
  /** The chats as they are shown: with what was asked for and not answered. */
  private readonly _shown = new Collection<Chat>(
    (a, b) => RANK[activityOf(a)] - RANK[activityOf(b)] || newest(a, b)
  );
  private readonly _counts = new Map<Activity, number>();
  private readonly _artifacts = new Collection<Artifact>(newest);
  private readonly _published = new Map<string, Collection<Artifact>>();
  private _status: Status | null = null;
  /** When the engine went away; empty where that was not seen. */
  private _engineLost = '';
  private _outage: IOutage | null = null;
  private _isDisposed = false;
}

const NONE: readonly Artifact[] = [];

/** Orders the newest first. */
function newest(a: { created_at: string }, b: { created_at: string }): number {
  return a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0;
}
