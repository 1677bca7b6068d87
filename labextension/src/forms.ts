import type {
  EnvVar,
  HubError,
  Mount,
  NewChat,
  NewProject,
  Project,
  ProjectChange,
  Resources
} from './api';
import { parseTokens } from './format';
import { trans } from './translation';

/** A variable as it is typed. `kept`: a secret whose value the server has and does not tell. */
export interface EnvValue {
  name: string;
  value: string;
  secret: boolean;
  kept: boolean;
}

/** Resources as they are typed; empty is the hub's default. Memory is in GiB. */
export interface ResourceValues {
  cpus: string;
  memory: string;
  gpus: string;
  /** Not typed here; a notebook may have set it. */
  pids: number | null;
}

/** What both forms ask for. */
export interface CommonValues {
  name: string;
  agent: string;
  model: string;
  mounts: Mount[];
  env: EnvValue[];
  resources: ResourceValues;
  /** Most tokens of a model that the chat may take, or all chats of the project together. */
  token_budget: string;
}

export interface ProjectValues extends CommonValues {
  url: string;
  branch: string;
  base: string;
  setup: string;
  /** Most tokens that each of its chats may take, where that does not say. */
  chat_token_budget: string;
}

export interface ChatValues extends CommonValues {
  project: string;
  prompt: string;
}

/** What is wrong with one field, and what to do. The name is the one the server uses: `mounts.0.source`. */
export interface FieldError {
  field: string;
  message: string;
  hint: string;
}

const GIB = 2 ** 30;

const COMMON: CommonValues = {
  name: '',
  agent: '',
  model: '',
  mounts: [],
  env: [],
  resources: { cpus: '', memory: '', gpus: '', pids: null },
  token_budget: ''
};

/** The form for a new project, which begins with an agent, or for the settings of one. */
export function projectValues(project: Project | null, agent = 'codex'): ProjectValues {
  if (!project) {
    return {
      ...COMMON,
      agent,
      url: '',
      branch: '',
      base: '',
      setup: '',
      chat_token_budget: ''
    };
  }
  const { cpus, memory, gpus, pids } = project.resources;
  return {
    url: project.url,
    name: project.name,
    branch: project.branch,
    base: project.base,
    setup: project.setup,
    agent: project.agent,
    model: project.model,
    mounts: project.mounts,
    env: project.env.map(({ name, value, secret }) => ({
      name,
      value: value ?? '',
      secret,
      kept: secret
    })),
    resources: {
      cpus: cpus === null ? '' : String(cpus),
      memory: memory === null ? '' : String(memory / GIB),
      gpus: gpus === null ? '' : String(gpus),
      pids
    },
    token_budget: typed(project.token_budget),
    chat_token_budget: typed(project.chat_token_budget)
  };
}

/** The form for a chat of a project, by the project's id. */
export function chatValues(project: string): ChatValues {
  return { ...COMMON, project, prompt: '' };
}

/** The values without the rows that were added and never filled. */
export function withoutEmptyRows<T extends CommonValues>(values: T): T {
  return {
    ...values,
    mounts: values.mounts.filter(mount => mount.source !== '' || mount.target !== ''),
    env: values.env.filter(variable => variable.name !== '' || variable.value !== '')
  };
}

/** What the browser itself can say is wrong; everything else is the server's to judge. */
export function check(
  values: CommonValues & { url?: string; chat_token_budget?: string }
): FieldError[] {
  const errors: FieldError[] = [];
  if (values.url !== undefined && values.url.trim() === '') {
    const hint = trans.__('Give the address of a Git repository, or a path on this server.');
    errors.push({ field: 'url', message: trans.__('There is no URL.'), hint });
  }
  for (const name of ['cpus', 'memory', 'gpus'] as const) {
    const text = values.resources[name].trim();
    const number = Number(text);
    const whole = name !== 'gpus' || Number.isInteger(number);
    const fits = whole && (name === 'gpus' ? number >= 0 : number > 0);
    if (text !== '' && !fits) {
      const hint =
        name === 'gpus' ? trans.__('Use a whole number.') : trans.__('Use a number above 0.');
      const message = trans.__('“%1” does not work here.', text);
      errors.push({ field: `resources.${name}`, message, hint });
    }
  }
  for (const name of ['token_budget', 'chat_token_budget'] as const) {
    const text = values[name]?.trim() ?? '';
    if (text !== '' && parseTokens(text) === null) {
      const hint = trans.__('Write it as 200000, 200k or 1.5M.');
      errors.push({ field: name, message: trans.__('“%1” is no number of tokens.', text), hint });
    }
  }
  return errors;
}

/** The field that a server's error is about, as this form calls it. */
export function fieldError(error: HubError): FieldError {
  const resource = /^(?:resources\.)?(cpus|memory|gpus|pids)$/.exec(error.field);
  const field = resource ? `resources.${resource[1]}` : error.field;
  // Under the field itself its name says nothing.
  const prefix = `${error.field}: `;
  const { message, hint } = error;
  if (!message.startsWith(prefix)) {
    return { field, message, hint };
  }
  const said = message.slice(prefix.length);
  return { field, message: said.charAt(0).toUpperCase() + said.slice(1), hint };
}

/** Body of the request that adds the project. */
export function newProject(values: ProjectValues): NewProject {
  const { name, ...rest } = projectChange(values);
  return { ...rest, url: values.url.trim(), ...(name === '' ? {} : { name }) } as NewProject;
}

/** Body of the request that changes a project's settings. */
export function projectChange(values: ProjectValues): ProjectChange {
  return {
    name: values.name.trim(),
    branch: values.branch.trim(),
    base: values.base.trim(),
    setup: values.setup,
    agent: values.agent,
    model: values.model.trim(),
    mounts: values.mounts,
    env: environment(values.env),
    resources: resources(values.resources),
    token_budget: parseTokens(values.token_budget),
    chat_token_budget: parseTokens(values.chat_token_budget)
  };
}

/** Body of the request that starts the chat. */
export function newChat(values: ChatValues): NewChat {
  const { cpus, memory, gpus } = resources(values.resources);
  const body: NewChat = {
    project: values.project,
    prompt: values.prompt,
    mounts: values.mounts,
    env: environment(values.env)
  };
  const given = {
    name: values.name.trim(),
    agent: values.agent,
    model: values.model.trim(),
    cpus,
    memory,
    gpus,
    token_budget: parseTokens(values.token_budget)
  };
  for (const [key, value] of Object.entries(given)) {
    if (value !== '' && value !== null) {
      Object.assign(body, { [key]: value });
    }
  }
  return body;
}

function typed(number: number | null): string {
  return number === null ? '' : String(number);
}

function environment(values: EnvValue[]): EnvVar[] {
  return values.map(({ name, value, secret, kept }) => ({
    name: name.trim(),
    value: secret && kept && value === '' ? null : value,
    secret
  }));
}

function resources(values: ResourceValues): Resources {
  const number = (text: string) => (text.trim() === '' ? null : Number(text));
  const memory = number(values.memory);
  return {
    cpus: number(values.cpus),
    memory: memory === null ? null : Math.round(memory * GIB),
    pids: values.pids,
    gpus: number(values.gpus)
  };
}
