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
import { isBuilding } from './format';
import { PendingChats } from './pendingchats';
import type { EventStream, HubEvent, StreamState } from './stream';

const RANK: Record<ChatStatus, number> = {
  running: 0,
  starting: 1,
  queued: 2,
  stopping: 3,
  unknown: 4,
  failed: 5,
  exited: 6,
  deleting: 7
};

interface ILists {
  projects: readonly Project[];
  chats: readonly Chat[];
  artifacts: readonly Artifact[];
}

/**
 * What the front end knows of the hub: the server's state, kept by events, and what was asked for but not answered.
 *
 * It has no DOM. Requests reject with a `HubError`; `addChat` does not: its refusal is the row's state.
 */
export class HubModel implements IDisposable {
  constructor(api: HubApi, stream: EventStream) {
    this.api = api;
    this.stream = stream;
    stream.event.connect(this._onEvent, this);
    stream.stateChanged.connect(this._onState, this);
  }

  readonly api: HubApi;
  readonly stream: EventStream;

  /** Anything changed. */
  get changed(): ISignal<this, void> {
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

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** By name. */
  get projects(): readonly Project[] {
    return this._lists().projects;
  }

  /** The running ones first, then the newest. */
  get chats(): readonly Chat[] {
    return this._lists().chats;
  }

  /** The newest first. */
  get artifacts(): readonly Artifact[] {
    return this._lists().artifacts;
  }

  project(id: string): Project | undefined {
    return this._projects.get(id);
  }

  chat(id: string): Chat | undefined {
    return this.chats.find(chat => chat.id === id);
  }

  artifactsOf(chat: string): Artifact[] {
    return this.artifacts.filter(artifact => artifact.chat === chat);
  }

  /** The project a new chat goes to where none was named: the one last used, of those a chat can start in. */
  get currentProject(): Project | undefined {
    const projects = [...this._projects.values()].sort(newest);
    const able = projects.filter(({ snapshot, build }) => snapshot !== null || isBuilding(build));
    const choice = able.length > 0 ? able : projects;
    const used = [...this._chats.values()].sort(newest).map(chat => chat.project);
    const last = used.find(id => choice.some(project => project.id === id));
    return choice.find(({ id }) => id === last) ?? choice[0];
  }

  agentTitle(name: string): string {
    return this._status?.agents.find(agent => agent.name === name)?.title ?? name;
  }

  /** Whether the server has not answered for this chat, or refused it. */
  isPending(id: string): boolean {
    return PendingChats.has(id);
  }

  async checkEngine(): Promise<void> {
    this._status = await this.api.checkEngine();
    this._announce();
  }

  async addProject(body: NewProject): Promise<Project> {
    const project = await this.api.addProject(body);
    if (!this._projects.has(project.id)) {
      this._projects.set(project.id, project);
      this._announce();
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
    const name = body.name ?? `New ${this.agentTitle(agent)} chat`;
    const id = this._pending.add(body, name, agent);
    this._announce();
    return this._post(id, body);
  }

  /** Ask once more for a chat that was refused. */
  async retryChat(id: string): Promise<Chat | null> {
    const body = this._pending.restart(id);
    this._announce();
    return body && this._post(id, body);
  }

  /** Remove the row of a chat that was refused. */
  dismissChat(id: string): void {
    this._pending.remove(id);
    this._announce();
  }

  /** Take a chat that the server answered with, unless its event was faster: that may say more. */
  keepChat(chat: Chat): Chat {
    if (!this._chats.has(chat.id)) {
      this._chats.set(chat.id, chat);
      this._announce();
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

  async deleteChat(id: string, force = false): Promise<void> {
    await this._expect(id, 'deleting', () => this.api.deleteChat(id, force));
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.stream.dispose();
    Signal.clearData(this);
  }

  private async _post(id: string, body: NewChat): Promise<Chat | null> {
    try {
      const chat = await this.api.newChat(body);
      this._pending.remove(id);
      this.keepChat(chat);
      this._announce();
      return chat;
    } catch (reason) {
      this._pending.refuse(id, HubError.from(reason).body);
      this._announce();
      return null;
    }
  }

  /** Show a chat in the state that a request is about to bring, until it is answered. */
  private async _expect(id: string, status: ChatStatus, request: () => Promise<unknown>) {
    this._expected.set(id, status);
    this._announce();
    try {
      await request();
    } finally {
      this._expected.delete(id);
      this._announce();
    }
  }

  private _onState(): void {
    this._announce();
  }

  private _onEvent(_: EventStream, event: HubEvent): void {
    if (event.type === 'log') {
      return;
    }
    if (event.type === 'snapshot') {
      this._status = event.status;
      this._projects = byId(event.projects);
      this._chats = byId(event.chats);
      this._artifacts = byId(event.artifacts);
    } else if (event.kind === 'status') {
      this._status = event.value ?? this._status;
    } else if (event.kind === 'project') {
      put(this._projects, event.id, event.value);
    } else if (event.kind === 'chat') {
      if (event.value && !this._chats.has(event.id)) {
        this._pending.match(event.value);
      }
      put(this._chats, event.id, event.value);
    } else {
      const known = this._artifacts.get(event.id);
      put(this._artifacts, event.id, event.value);
      if (event.value && event.value.version !== known?.version) {
        this._announce();
        this._artifactAdded.emit(event.value);
        return;
      }
    }
    this._announce();
  }

  /** The sorted lists, made once after each change. */
  private _lists(): ILists {
    if (!this._sorted) {
      const chats = [...this._chats.values()].map(chat => {
        const status = this._expected.get(chat.id);
        return status ? { ...chat, status } : chat;
      });
      this._sorted = {
        projects: [...this._projects.values()].sort((a, b) =>
          a.name.localeCompare(b.name, undefined, { numeric: true })
        ),
        chats: [...this._pending.rows(id => this._chats.has(id)), ...chats].sort(
          (a, b) => RANK[a.status] - RANK[b.status] || newest(a, b)
        ),
        artifacts: [...this._artifacts.values()].sort(newest)
      };
    }
    return this._sorted;
  }

  private _announce(): void {
    this._sorted = null;
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _artifactAdded = new Signal<this, Artifact>(this);
  private readonly _pending = new PendingChats();
  private readonly _expected = new Map<string, ChatStatus>();
  private _status: Status | null = null;
  private _projects = new Map<string, Project>();
  private _chats = new Map<string, Chat>();
  private _artifacts = new Map<string, Artifact>();
  private _sorted: ILists | null = null;
  private _isDisposed = false;
}

function byId<T extends { id: string }>(values: readonly T[]): Map<string, T> {
  return new Map(values.map(value => [value.id, value]));
}

function put<T>(map: Map<string, T>, id: string, value: T | null): void {
  if (value) {
    map.set(id, value);
  } else {
    map.delete(id);
  }
}

/** Orders the newest first. */
function newest(a: { created_at: string }, b: { created_at: string }): number {
  return a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0;
}
