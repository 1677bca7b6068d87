import type { Chat, GitHubConnection, OpenAIConnection, Project } from './api';
import { count } from './format';
import { repositories } from './repositories';

/** What it means for chats that the key, or the account, is gone. */
export function withoutModel(
  gone: 'key' | 'chatgpt',
  openai: OpenAIConnection,
  chats: readonly Chat[]
): string {
  if (openai.kind !== gone) {
    return 'No chat uses it.';
  }
  const using = usersOfModel(chats);
  const who = using.length === 0 ? 'New chats' : `${listed(using)} and new chats`;
  const other = gone === 'key' ? openai.chatgpt : openai.key;
  if (other) {
    return `${who} use the ${gone === 'key' ? 'ChatGPT account' : 'API key'} from then on.`;
  }
  return `${who} reach no model until OpenAI is connected again.`;
}

/** What it means for chats that another key takes the place of the one there is. */
export function withAnotherKey(openai: OpenAIConnection, chats: readonly Chat[]): string {
  if (openai.kind !== 'key') {
    return 'No chat uses it.';
  }
  const using = usersOfModel(chats);
  const who = using.length === 0 ? 'New chats use' : `${listed(using)} and new chats use`;
  return `${who} the new one from the next request on.`;
}

/** The host of an address; all of it where a browser knows none. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** Whose a key is: OpenAI's, or of a server of the person's own. */
export function whose({ base_url: url }: Pick<OpenAIConnection, 'base_url'>): string {
  return url === '' || hostOf(url) === 'api.openai.com' ? 'OpenAI' : hostOf(url);
}

/** What people call the GitHub that is connected. */
export function gitHubName({ url }: Pick<GitHubConnection, 'url'>): string {
  return url === '' || hostOf(url) === 'github.com' ? 'GitHub' : hostOf(url);
}

/** Which projects are cut off from GitHub, and how many chats they have. */
export function withoutGitHub(
  github: GitHubConnection,
  projects: readonly Project[],
  chats: readonly Chat[]
): string {
  const lost = projectsThere(github, projects);
  if (lost.length === 0) {
    return NOBODY;
  }
  const ids = new Set(lost.map(({ id }) => id));
  const using = chats.filter(chat => ids.has(chat.project));
  const whose = using.length > 0 ? `${count(using.length, 'chat')} there` : 'chats';
  return `${listed(lost)} ${lost.length > 1 ? 'are' : 'is'} not fetched any more where private, and ${whose} cannot push.`;
}

/** What it means for projects that another account, of the GitHub at `url`, takes the place of the one there is. */
export function withAnotherGitHub(
  github: GitHubConnection,
  url: string,
  way: 'app' | 'token',
  projects: readonly Project[],
  chats: readonly Chat[]
): string {
  if (url !== github.url) {
    return withoutGitHub(github, projects, chats);
  }
  const there = projectsThere(github, projects);
  if (there.length === 0) {
    return NOBODY;
  }
  const verb = there.length > 1 ? 'are' : 'is';
  const then = way === 'app' ? 'once it is made and installed there' : 'from then on';
  return `${listed(there)} ${verb} fetched and pushed to by the new one ${then}, by all chats there.`;
}

const NOBODY = 'No project is at that GitHub now.';

function projectsThere(github: GitHubConnection, projects: readonly Project[]): Project[] {
  return repositories(github, projects).flatMap(repository => repository.projects);
}

/** The chats that run and may ask the model. */
export function usersOfModel(chats: readonly Chat[]): Chat[] {
  return chats.filter(chat => chat.status === 'running' && chat.agent === 'codex');
}

/** The first few by name, and how many more there are. */
function listed(items: readonly { name: string }[]): string {
  const shown = items
    .slice(0, 3)
    .map(({ name }) => `“${name}”`)
    .join(', ');
  return items.length > 3 ? `${shown} and ${count(items.length - 3, 'other')}` : shown;
}
