import type { GitHubConnection, Project } from './api';

/** What chats of a project may do with its repository. */
export type Access = 'write' | 'read' | 'none' | 'token' | 'refused';

/** A repository at the connected GitHub that projects are made of. */
export interface IRepository {
  /** `owner/name`. */
  name: string;
  access: Access;
  /** Where the person changes that. */
  url: string;
  projects: Project[];
}

/** An address by SSH: `git@host:owner/name`, or `ssh://git@host/owner/name`. */
const SSH = /^(?:ssh:\/\/(?:[^@/:]+@)?([^@/:]+)(?::\d+)?\/|(?:[^@/:]+@)?([^@/:]+):(?!\/\/))(.+)$/;

/** `owner/name` of a repository's address at that GitHub, however Git gets there; null where it is elsewhere. */
export function repositoryName(url: string, github: string): string | null {
  try {
    const here = new URL(github);
    const found = /^https?:/.test(url) ? null : SSH.exec(url);
    const isHere = (found?.[1] ?? found?.[2])?.toLowerCase() === here.hostname;
    const at = new URL(isHere ? `${here.origin}/${found?.[3]?.replace(/^\/+/, '')}` : url);
    const name = decodeURIComponent(at.pathname)
      .replace(/\/$/, '')
      .replace(/\.git$/, '')
      .slice(1);
    return at.origin === here.origin && /^[^/]+\/[^/]+$/.test(name) ? name : null;
  } catch {
    return null;
  }
}

/** The repositories of the projects that are at the connected GitHub, by name. */
export function repositories(
  github: GitHubConnection,
  projects: readonly Project[]
): IRepository[] {
  const found = new Map<string, IRepository>();
  for (const project of projects) {
    const name = github.connected ? repositoryName(project.url, github.url) : null;
    if (name === null) {
      continue;
    }
    const key = name.toLowerCase();
    const repository = found.get(key) ?? { name, ...accessTo(github, key), projects: [] };
    repository.projects.push(project);
    found.set(key, repository);
  }
  return [...found.values()].sort((one, other) => one.name.localeCompare(other.name));
}

function accessTo(github: GitHubConnection, name: string): { access: Access; url: string } {
  if (github.app === null) {
    return {
      access: github.problem ? 'refused' : 'token',
      url: `${github.url}/settings/personal-access-tokens`
    };
  }
  const owner = name.split('/')[0];
  const installation = github.app.installations.find(
    one =>
      one.account.toLowerCase() === owner &&
      !one.suspended &&
      // Only the first of many are named.
      (one.all_repositories ||
        one.count > one.repositories.length ||
        one.repositories.some(repository => repository.toLowerCase() === name))
  );
  if (!installation) {
    return { access: 'none', url: github.app.install_url };
  }
  return {
    access: installation.write ? 'write' : 'read',
    url: installation.url || github.app.install_url
  };
}
