import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { components } from './schema';
import { trans } from './translation';

type Schemas = components['schemas'];

/** A value of the server: every field is there. */
type Full<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** A request's body: what has a default may be left out. */
type Body<T, Required extends keyof T> = Pick<T, Required> & Partial<Omit<T, Required>>;

export type AgentInfo = Schemas['AgentInfo'];
export type Approval = Schemas['Approval'];
export type Artifact = Full<Schemas['Artifact']>;
export type ArtifactVersion = Full<Schemas['ArtifactVersion']>;
export type Build = Full<Schemas['Build']>;
export type BuildState = Schemas['BuildState'];
export type BuildStep = Schemas['BuildStep'];
export type ChangeEvent = Pick<Schemas['ChangeEvent'], 'type' | 'seq' | 'id'> &
  (
    | { kind: 'status'; value: Status | null }
    | { kind: 'project'; value: Project | null }
    | { kind: 'chat'; value: Chat | null }
    | { kind: 'artifact'; value: Artifact | null }
  );
export type ChangedFile = Schemas['ChangedFile'];
export type Chat = Omit<Full<Schemas['Chat']>, 'ask_before' | 'arguments'> & {
  ask_before: string[];
  arguments: string[];
};
export type ChatDiff = Schemas['ChatDiff'];
export type ChatStatus = Schemas['ChatStatus'];
export type ConversationEvent = Pick<Schemas['ConversationEvent'], 'type' | 'chat'> & {
  turns: Turn[];
};
export type Decision = Schemas['Answer']['decision'];
export type DeletedChat = Full<Schemas['DeletedChat']>;
export type EngineStatus = Full<Schemas['EngineStatus']>;
export type EnvVar = Schemas['EnvVar'];
export type ErrorBody = Schemas['ErrorBody'];
export type FileChange = Schemas['FileChange'];
export type FollowedEvent = Pick<Schemas['FollowedEvent'], 'type' | 'chat'> & { event: TurnEvent };
export type GatewayRequest = Full<Schemas['GatewayRequest']>;
export type GatewayRoute = Full<Schemas['GatewayRoute']>;
export type GatewayStatus = Full<Schemas['GatewayStatus']> & { routes: GatewayRoute[] };
export type Committer = Full<Schemas['Committer']>;
export type GitHubApp = Full<Schemas['GitHubApp']> & { installations: Installation[] };
export type GitHubConnection = Omit<Full<Schemas['GitHubConnection']>, 'app'> & {
  app: GitHubApp | null;
};
export type Gpu = Schemas['Gpu'];
export type Installation = Omit<Full<Schemas['Installation']>, 'repositories'> & {
  repositories: string[];
};
export type Item = Turn['items'][number];
export type LogEvent = Schemas['LogEvent'];
export type LogLine = Schemas['LogLine'];
export type Mount = Schemas['Mount'];
export type NewChat = Body<Schemas['NewChat'], 'project'>;
export type NewProject = Body<Schemas['NewProject'], 'url'>;
export type OpenAIConnection = Omit<Full<Schemas['OpenAIConnection']>, 'chatgpt' | 'sign_in'> & {
  chatgpt: Full<Schemas['ChatGPTAccount']> | null;
  sign_in: SignIn | null;
};
export type Project = Omit<Full<Schemas['Project']>, 'build' | 'snapshot'> & {
  build: Build | null;
  snapshot: Full<Schemas['Snapshot']> | null;
};
export type Proposal = Omit<Full<Schemas['Proposal']>, 'gpus'> & { gpus: number | null };
export type ProjectChange = Partial<Schemas['ProjectChange']>;
export type RepositoryInfo = Schemas['RepositoryInfo'];
export type Resources = Schemas['Resources'];
export type SnapshotEvent = Omit<
  Schemas['SnapshotEvent'],
  'status' | 'projects' | 'chats' | 'artifacts'
> & { status: Status; projects: Project[]; chats: Chat[]; artifacts: Artifact[] };
export type SignIn = Full<Schemas['SignIn']>;
export type Status = Omit<Full<Schemas['Status']>, 'engine' | 'openai' | 'github'> & {
  engine: EngineStatus;
  openai: OpenAIConnection;
  github: GitHubConnection;
};
export type TerminalColours = Schemas['TerminalColours'];
export type TerminalMatch = Schemas['TerminalMatch'];
export type TerminalMatches = Schemas['TerminalMatches'];
export type TurnEvent =
  | (Pick<Schemas['TurnChanged'], 'type'> & { turn: Turn })
  | Schemas['ItemChanged']
  | Schemas['TextAdded'];
export type TurnStatus = Schemas['TurnStatus'];
export type Turn = Full<Schemas['Turn']>;
export type StepState = Schemas['StepState'];

/** Where the hub lives under the server's base URL. */
export const NAMESPACE = 'agent-hub';

/** What the hub refused: what happened, what to do about it, and facts for the form. */
export class HubError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** The HTTP status; 0 where no answer came. */
  readonly status: number;

  constructor(body: ErrorBody, status = 0) {
    super(body.message);
    this.name = 'HubError';
    this.code = body.code;
    this.hint = body.hint;
    this.details = body.details ?? {};
    this.status = status;
  }

  /** The name of the form's field that the error is about, empty where it is about none. */
  get field(): string {
    return typeof this.details.field === 'string' ? this.details.field : '';
  }

  /** Whether the hub looked at the request and said no; else it may have been carried out. */
  get isAnswer(): boolean {
    return this.status >= 400 && this.status < 500;
  }

  /** The error as the hub stores it. */
  get body(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      details: { ...this.details }
    };
  }

  /** Any thrown value as a `HubError`, so that a caller has one kind to show. */
  static from(reason: unknown): HubError {
    if (reason instanceof HubError) {
      return reason;
    }
    if (reason instanceof ServerConnection.NetworkError) {
      return new HubError({
        code: 'hub_unavailable',
        message: trans.__('The Jupyter server does not answer.'),
        hint: trans.__('Check that it runs and that this computer is online.')
      });
    }
    const message = reason instanceof Error ? reason.message : String(reason);
    return new HubError({ code: 'error', message, hint: '' });
  }
}

/** The hub's REST interface. Every method rejects with a `HubError`. */
export class HubApi {
  readonly settings: ServerConnection.ISettings;

  constructor(settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {
    this.settings = settings;
  }

  status(): Promise<Status> {
    return this._json('GET', 'status');
  }

  /** Ask the container engine again. */
  checkEngine(): Promise<Status> {
    return this._json('POST', 'status');
  }

  projects(): Promise<Project[]> {
    return this._json('GET', 'projects');
  }

  addProject(body: NewProject): Promise<Project> {
    return this._json('POST', 'projects', body);
  }

  checkRepository(url: string): Promise<RepositoryInfo> {
    return this._json('POST', 'projects/check', { url });
  }

  /** How a project of a repository could be set up, by what it holds; an empty branch is its default. */
  propose(url: string, branch: string, signal: AbortSignal): Promise<Proposal> {
    return this._json('POST', 'projects/propose', { url, branch }, {}, signal);
  }

  /** The repository that a folder of the file browser is, or lies in. */
  repositoryOfFolder(path: string): Promise<RepositoryInfo> {
    return this._json('POST', 'projects/folder', { path });
  }

  changeProject(id: string, body: ProjectChange): Promise<Project> {
    return this._json('PATCH', `projects/${encodeURIComponent(id)}`, body);
  }

  deleteProject(id: string, force = false): Promise<void> {
    return this._empty('DELETE', `projects/${encodeURIComponent(id)}${force ? '?force=true' : ''}`);
  }

  build(project: string, force = false): Promise<Build> {
    return this._json('POST', `projects/${encodeURIComponent(project)}/build`, { force });
  }

  cancelBuild(project: string): Promise<void> {
    return this._empty('DELETE', `projects/${encodeURIComponent(project)}/build`);
  }

  async buildLog(project: string): Promise<string> {
    const path = `projects/${encodeURIComponent(project)}/build/log`;
    return (await this._request('GET', path)).text();
  }

  chats(): Promise<Chat[]> {
    return this._json('GET', 'chats');
  }

  /** Start a chat; asked again with the same key, the hub answers with the one that it started. */
  newChat(body: NewChat, key: string): Promise<Chat> {
    return this._json('POST', 'chats', body, { 'Idempotency-Key': key });
  }

  renameChat(id: string, name: string): Promise<Chat> {
    return this._json('PATCH', `chats/${encodeURIComponent(id)}`, { name });
  }

  /** Let a chat take at most that many tokens of a model; null: as many as it likes. */
  limitChat(id: string, token_budget: number | null): Promise<Chat> {
    return this._json('PATCH', `chats/${encodeURIComponent(id)}`, { token_budget });
  }

  startChat(id: string): Promise<Chat> {
    return this._json('POST', `chats/${encodeURIComponent(id)}/start`);
  }

  stopChat(id: string): Promise<Chat> {
    return this._json('POST', `chats/${encodeURIComponent(id)}/stop`);
  }

  /** All turns of a chat, the oldest first, without what has happened in them. */
  turns(chat: string): Promise<Turn[]> {
    return this._json('GET', `chats/${encodeURIComponent(chat)}/turns`);
  }

  /** Give a chat's agent a prompt; asked again with the same key, the hub answers with the turn that there is. */
  send(chat: string, prompt: string, key: string): Promise<Turn> {
    const path = `chats/${encodeURIComponent(chat)}/turns`;
    return this._json('POST', path, { prompt }, { 'Idempotency-Key': key });
  }

  /** End a turn; one that waits is never said. */
  interrupt(chat: string, number: number): Promise<Turn> {
    return this._json('POST', `chats/${encodeURIComponent(chat)}/turns/${number}/interrupt`);
  }

  /** What a chat has changed since it started, committed or not. */
  diff(chat: string): Promise<ChatDiff> {
    return this._json('GET', `chats/${encodeURIComponent(chat)}/diff`);
  }

  /** A turn of a chat with all that has happened in it. */
  turn(chat: string, number: number): Promise<Turn> {
    return this._json('GET', `chats/${encodeURIComponent(chat)}/turns/${number}`);
  }

  /** Answer what a chat's agent has asked. */
  answer(chat: string, approval: string, decision: Decision): Promise<void> {
    const path = `chats/${encodeURIComponent(chat)}/approvals/${encodeURIComponent(approval)}`;
    return this._empty('POST', path, { decision });
  }

  deleteChat(id: string, force = false): Promise<void> {
    return this._empty('DELETE', `chats/${encodeURIComponent(id)}${force ? '?force=true' : ''}`);
  }

  /** Chats that were deleted with unsaved work, as long as that is kept. */
  deletedChats(): Promise<DeletedChat[]> {
    return this._json('GET', 'deleted');
  }

  restoreChat(id: string): Promise<Chat> {
    return this._json('POST', `deleted/${encodeURIComponent(id)}/restore`);
  }

  /** Delete what is kept of a deleted chat. */
  forgetChat(id: string): Promise<void> {
    return this._empty('DELETE', `deleted/${encodeURIComponent(id)}`);
  }

  /** The address that downloads what is kept of a deleted chat. */
  deletedUrl(id: string): string {
    return this._url(`deleted/${encodeURIComponent(id)}/content`);
  }

  /** Use another key from now on. */
  connectOpenAI(body: Schemas['ConnectOpenAI']): Promise<OpenAIConnection> {
    return this._json('PUT', 'connections/openai', body);
  }

  /** Ask the API whether the key works. */
  checkOpenAI(): Promise<OpenAIConnection> {
    return this._json('POST', 'connections/openai/check');
  }

  disconnectOpenAI(): Promise<void> {
    return this._empty('DELETE', 'connections/openai');
  }

  /** Choose what chats use, where both are there. */
  useOpenAI(kind: 'key' | 'chatgpt'): Promise<OpenAIConnection> {
    return this._json('PUT', 'connections/openai/use', { kind });
  }

  /** Begin to sign in with ChatGPT; the status tells how it goes on. */
  signIn(method: SignIn['method']): Promise<OpenAIConnection> {
    return this._json('POST', 'connections/openai/sign-in', { method });
  }

  /** Bring the address that the browser was sent to in the end. */
  finishSignIn(url: string): Promise<OpenAIConnection> {
    return this._json('POST', 'connections/openai/sign-in/callback', { url });
  }

  cancelSignIn(): Promise<void> {
    return this._empty('DELETE', 'connections/openai/sign-in');
  }

  signOut(): Promise<void> {
    return this._empty('DELETE', 'connections/openai/chatgpt');
  }

  /** Use a personal token from now on. */
  connectGitHub(body: Body<Schemas['ConnectGitHub'], 'token'>): Promise<GitHubConnection> {
    return this._json('PUT', 'connections/github', body);
  }

  /** Ask GitHub whether what is connected works. */
  checkGitHub(): Promise<GitHubConnection> {
    return this._json('POST', 'connections/github/check');
  }

  disconnectGitHub(): Promise<void> {
    return this._empty('DELETE', 'connections/github');
  }

  /** What the browser posts to GitHub to make an App, which then sends it back here. */
  makeApp(url: string, organization: string): Promise<Schemas['AppManifest']> {
    const callback = new URL(this._url('connections/github/app/callback'), document.baseURI).href;
    return this._json('POST', 'connections/github/app', { url, organization, callback });
  }

  /** How it goes with what chats ask for by way of the gateway. */
  gateway(): Promise<GatewayStatus> {
    return this._json('GET', 'connections/gateway');
  }

  /** What chats asked the gateway for, one by one, the newest first. */
  gatewayLog(): Promise<GatewayRequest[]> {
    return this._json('GET', 'connections/gateway/log');
  }

  /** Tell in which colours terminals are shown here. */
  tellColours(colours: TerminalColours): Promise<void> {
    return this._empty('PUT', 'colours', colours);
  }

  /** The lines of a terminal's history that have a text, the newest first. */
  searchTerminal(name: string, query: string, limit: number): Promise<TerminalMatches> {
    const parameters = new URLSearchParams({ q: query, limit: String(limit) });
    return this._json('GET', `terminals/${encodeURIComponent(name)}/search?${parameters}`);
  }

  artifacts(chat: string): Promise<Artifact[]> {
    return this._json('GET', `chats/${encodeURIComponent(chat)}/artifacts`);
  }

  /** Every version of all that a chat has published, oldest first. */
  artifactVersions(chat: string): Promise<ArtifactVersion[]> {
    return this._json('GET', `chats/${encodeURIComponent(chat)}/artifacts/versions`);
  }

  /** The bytes of a version, or the first of them. */
  async artifactContent(id: string, version: number, most?: number): Promise<Blob> {
    const path = `artifacts/${encodeURIComponent(id)}/content?version=${version}`;
    const headers: Record<string, string> =
      most === undefined ? {} : { Range: `bytes=0-${most - 1}` };
    // What a version holds never changes, and the server says so.
    return (await this._request('GET', path, undefined, headers, null, 'default')).blob();
  }

  /** The bytes of a version from `start` to before `end`, which are within it. */
  async artifactPart(
    id: string,
    version: number,
    start: number,
    end: number
  ): Promise<ArrayBuffer> {
    const path = `artifacts/${encodeURIComponent(id)}/content?version=${version}`;
    const headers = { Range: `bytes=${start}-${end - 1}` };
    const response = await this._request('GET', path, undefined, headers, null, 'default');
    if (response.status !== 206) {
      // All of the file, which may be more than a page can hold.
      await response.body?.cancel();
      throw new HubError({
        code: 'no_parts',
        message: trans.__('The server does not send this file in parts.'),
        hint: trans.__(
          'A proxy may be in the way. Download the file, or insert it into a notebook.'
        )
      });
    }
    return response.arrayBuffer();
  }

  /** Delete an artifact with all its versions. */
  deleteArtifact(id: string): Promise<void> {
    return this._empty('DELETE', `artifacts/${encodeURIComponent(id)}`);
  }

  /** The address that downloads an artifact, at one of its versions or the newest. */
  artifactUrl(id: string, version?: number): string {
    const query = version === undefined ? '' : `?version=${version}`;
    return this._url(`artifacts/${encodeURIComponent(id)}/content${query}`);
  }

  /** The address that downloads all that a chat has published. */
  artifactsUrl(chat: string): string {
    return this._url(`chats/${encodeURIComponent(chat)}/artifacts/zip`);
  }

  private _url(path: string): string {
    return URLExt.join(this.settings.baseUrl, NAMESPACE, 'api', path);
  }

  private async _request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    signal: AbortSignal | null = null,
    cache: RequestCache = 'no-store'
  ): Promise<Response> {
    const init: RequestInit = { method, cache, headers, signal };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { ...headers, 'Content-Type': 'application/json' };
    }
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(this._url(path), init, this.settings);
    } catch (reason) {
      throw HubError.from(reason);
    }
    if (!response.ok) {
      throw new HubError(await errorBody(response), response.status);
    }
    return response;
  }

  private async _json<T>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    signal?: AbortSignal
  ): Promise<T> {
    return (await (await this._request(method, path, body, headers, signal)).json()) as T;
  }

  private async _empty(method: string, path: string, body?: unknown): Promise<void> {
    await this._request(method, path, body);
  }
}

/** The hub's own error body, or one made of what a proxy or the server put in its place. */
async function errorBody(response: Response): Promise<ErrorBody> {
  const text = await response.text();
  try {
    const found = JSON.parse(text) as Partial<ErrorBody>;
    if (typeof found.message === 'string') {
      return {
        code: found.code ?? 'error',
        message: found.message,
        hint: found.hint ?? '',
        details: found.details ?? {}
      };
    }
  } catch (reason) {
    if (!(reason instanceof SyntaxError)) {
      throw reason;
    }
  }
  return {
    code: 'error',
    message: trans.__(
      'The server answered %1.',
      [response.status, response.statusText].filter(Boolean).join(' ')
    ),
    hint:
      response.status === 404
        ? trans.__('Check that the server extension agent_hub is enabled.')
        : ''
  };
}
