import type { Chat, GitHubConnection, OpenAIConnection, Project } from './api';

import { repositories } from './repositories';
import { trans } from './translation';

/** What it means for chats that the key, or the account, is gone. */
export function withoutModel(
  gone: 'key' | 'chatgpt',
  openai: OpenAIConnection,
  chats: readonly Chat[]
): string {
  if (openai.kind !== gone) {
    return trans.__('No chat uses it.');
  }
  const who = modelChats(chats);
  if (gone === 'key' && openai.chatgpt) {
    return trans.__('%1 use the ChatGPT account from then on.', who);
  }
  if (gone === 'chatgpt' && openai.key) {
    return trans.__('%1 use the API key from then on.', who);
  }
  return trans.__('%1 reach no model until OpenAI is connected again.', who);
}

/** What it means for chats that another key takes the place of the one there is. */
export function withAnotherKey(openai: OpenAIConnection, chats: readonly Chat[]): string {
  if (openai.kind !== 'key') {
    return trans.__('No chat uses it.');
  }
  return trans.__('%1 use the new one from the next request on.', modelChats(chats));
}

/** The chats that ask the model, and those to come. */
function modelChats(chats: readonly Chat[]): string {
  const using = usersOfModel(chats);
  return using.length === 0 ? trans.__('New chats') : trans.__('%1 and new chats', listed(using));
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
    return nobody();
  }
  const ids = new Set(lost.map(({ id }) => id));
  const using = chats.filter(chat => ids.has(chat.project));
  const whose =
    using.length > 0
      ? trans._n('%1 chat there', '%1 chats there', using.length)
      : trans.__('chats');
  return trans._n(
    '%2 is not fetched any more where private, and %3 cannot push.',
    '%2 are not fetched any more where private, and %3 cannot push.',
    lost.length,
    listed(lost),
    whose
  );
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
    return nobody();
  }
  return way === 'app'
    ? trans._n(
        '%2 is fetched and pushed to by the new one once it is made and installed there, by all chats there.',
        '%2 are fetched and pushed to by the new one once it is made and installed there, by all chats there.',
        there.length,
        listed(there)
      )
    : trans._n(
        '%2 is fetched and pushed to by the new one from then on, by all chats there.',
        '%2 are fetched and pushed to by the new one from then on, by all chats there.',
        there.length,
        listed(there)
      );
}

function nobody(): string {
  return trans.__('No project is at that GitHub now.');
}

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
    .map(({ name }) => trans.__('“%1”', name))
    .join(', ');
  return items.length > 3
    ? trans._n('%2 and %1 other', '%2 and %1 others', items.length - 3, shown)
    : shown;
}
