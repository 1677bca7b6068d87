import type {
  Artifact,
  Build,
  Chat,
  DeletedChat,
  GitHubApp,
  Installation,
  Item,
  Project,
  SnapshotEvent,
  Status,
  Turn
} from '../src/api';

const TIME = '2025-01-01T12:00:00Z';

export const STATUS: Status = {
  version: '1.0',
  hub_id: 'h1',
  engine: {
    name: 'Docker 28',
    kind: 'docker',
    reachable: true,
    isolated: true,
    message: '',
    checked_at: TIME
  },
  gpus: [],
  agents: [
    { name: 'codex', title: 'Codex', converses: true, asks_openai: true },
    { name: 'shell', title: 'Shell', converses: false, asks_openai: false }
  ],
  openai: {
    connected: false,
    kind: '',
    key: '',
    base_url: '',
    checked_at: null,
    problem: null,
    chatgpt: null,
    sign_in: null
  },
  github: {
    connected: false,
    kind: '',
    app: null,
    token: '',
    url: '',
    login: '',
    name: '',
    email: '',
    checked_at: null,
    problem: null
  },
  committer: { name: '', email: '', source: '' },
  default_base: 'python:3.12',
  artifacts_path: 'agent-hub'
};

export function project(change: Partial<Project> = {}): Project {
  return {
    id: 'p1',
    name: 'protein',
    url: 'https://host/owner/protein.git',
    branch: '',
    base: '',
    setup: '',
    agent: 'codex',
    model: '',
    mounts: [],
    env: [],
    resources: { cpus: null, memory: null, pids: null, gpus: null },
    tokens: 0,
    token_budget: null,
    chat_token_budget: null,
    snapshot: null,
    build: null,
    spares: 0,
    created_at: TIME,
    ...change
  };
}

export function build(change: Partial<Build> = {}): Build {
  return {
    id: 'b1',
    project: 'p1',
    number: 1,
    state: 'building',
    steps: [],
    progress: 0.5,
    branch: null,
    base: '',
    commit: '',
    image: '',
    error: null,
    created_at: TIME,
    started_at: TIME,
    ended_at: null,
    ...change
  };
}

export function chat(change: Partial<Chat> = {}): Chat {
  return {
    id: 'c1',
    project: 'p1',
    name: 'Fix the loss',
    named: true,
    agent: 'codex',
    model: '',
    prompt: '',
    status: 'running',
    reason: '',
    place: 0,
    error: null,
    exit_code: null,
    mounts: [],
    env: [],
    resources: { cpus: null, memory: null, pids: null, gpus: null },
    image: '',
    commit: '',
    container: '',
    thread: '',
    turn: null,
    ask_before: [],
    arguments: [],
    tokens: 0,
    token_budget: null,
    run: null,
    workspace: '',
    created_at: TIME,
    started_at: TIME,
    ended_at: null,
    ...change
  };
}

export function artifact(change: Partial<Artifact> = {}): Artifact {
  return {
    id: 'a1',
    chat: 'c1',
    project: 'p1',
    name: 'loss.png',
    version: 1,
    path: 'agent-hub/loss.png',
    size: 10,
    media_type: 'image/png',
    sha256: '',
    turn: null,
    prompt: '',
    created_at: TIME,
    ...change
  };
}

export function snapshot(change: Partial<SnapshotEvent> = {}): SnapshotEvent {
  return {
    type: 'snapshot',
    seq: 10,
    status: STATUS,
    projects: [],
    chats: [],
    artifacts: [],
    ...change
  };
}

export function deleted(change: Partial<DeletedChat> = {}): DeletedChat {
  return {
    id: 'c1',
    name: 'Fix the loss',
    project: 'p1',
    project_name: 'protein',
    url: 'https://host/owner/protein.git',
    agent: 'codex',
    model: '',
    kind: 'bundle',
    path: '/data/deleted/c1.bundle',
    branch: 'main',
    head: '',
    uncommitted: true,
    files: 2,
    commits: 1,
    stashes: 0,
    left_out: [],
    needs: [],
    size: 100,
    how: '',
    deleted_at: TIME,
    expires_at: '2025-01-31T12:00:00Z',
    ...change
  };
}

export function githubApp(change: Partial<GitHubApp> = {}): GitHubApp {
  return {
    slug: 'hub',
    name: 'agent-hub',
    owner: 'lab-a',
    url: 'https://github.com/apps/hub',
    install_url: 'https://github.com/apps/hub/installations/new',
    installations: [],
    ...change
  };
}

export function installation(change: Partial<Installation> = {}): Installation {
  return {
    id: 1,
    account: 'lab-a',
    all_repositories: false,
    repositories: ['lab-a/folding'],
    count: 1,
    write: true,
    suspended: false,
    problem: '',
    url: 'https://github.com/organizations/lab-a/settings/installations/1',
    ...change
  };
}

export function turn(change: Partial<Turn> = {}): Turn {
  return {
    chat: 'c1',
    number: 1,
    prompt: 'Plot it',
    source: 'hub',
    key: '',
    agent_turn: '',
    status: 'running',
    items: [],
    approvals: [],
    usage: null,
    error: null,
    left_out: 0,
    created_at: TIME,
    started_at: TIME,
    ended_at: null,
    ...change
  };
}

type Message = Extract<Item, { type: 'message' }>;
type Command = Extract<Item, { type: 'command' }>;

export function message(change: Partial<Message> = {}): Message {
  return { type: 'message', id: 'm1', status: 'running', text: 'A heron', ...change };
}

export function command(change: Partial<Command> = {}): Command {
  return {
    type: 'command',
    id: 'c1',
    status: 'running',
    command: 'pytest -q',
    directory: '',
    text: '',
    exit_code: null,
    seconds: null,
    ...change
  };
}
