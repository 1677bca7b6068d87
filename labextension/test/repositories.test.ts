import { describe, expect, it } from 'vitest';

import { withoutGitHub, withoutModel } from '../src/affected';
import type { GitHubConnection, Installation } from '../src/api';
import { repositories, repositoryName } from '../src/repositories';
import { chat, githubApp, installation, project, STATUS } from './values';

const GITHUB = 'https://github.com';
const TOKEN: GitHubConnection = { ...STATUS.github, connected: true, kind: 'token', url: GITHUB };
const FOLDING = project({ id: 'p1', name: 'folding', url: `${GITHUB}/lab-a/folding.git` });

const app = (...installations: Installation[]): GitHubConnection => ({
  ...TOKEN,
  kind: 'app',
  app: githubApp({ installations, install_url: 'https://github.com/apps/hub/installations/new' })
});

describe('repositories', () => {
  it('are those at the GitHub that is connected, however their address is written', () => {
    expect(repositoryName(`${GITHUB}/lab-a/folding.git`, GITHUB)).toBe('lab-a/folding');
    expect(repositoryName(`${GITHUB}/lab-a/folding/`, GITHUB)).toBe('lab-a/folding');
    expect(repositoryName('https://github.example.com/lab-a/folding', GITHUB)).toBeNull();
    expect(repositoryName('/home/heron/folding', GITHUB)).toBeNull();
    expect(repositoryName('git@github.com:lab-a/folding.git', GITHUB)).toBe('lab-a/folding');
    expect(repositoryName('ssh://git@GitHub.com/lab-a/folding', GITHUB)).toBe('lab-a/folding');
    expect(repositoryName('ssh://git@github.com:22/lab-a/folding', GITHUB)).toBe('lab-a/folding');
    expect(repositoryName('git@github.com:123/folding', GITHUB)).toBe('123/folding');
    expect(repositoryName('git@gitlab.com:lab-a/folding.git', GITHUB)).toBeNull();
    expect(repositoryName('github.com/lab-a/folding', GITHUB)).toBeNull();
    expect(repositories(STATUS.github, [FOLDING])).toEqual([]);
  });

  it('of two projects are one row', () => {
    const other = project({ id: 'p2', name: 'again', url: `${GITHUB}/Lab-A/Folding` });
    const found = repositories(TOKEN, [FOLDING, other]);
    expect(found.map(({ name, access }) => [name, access])).toEqual([['lab-a/folding', 'token']]);
    expect(found[0]!.projects.map(({ name }) => name)).toEqual(['folding', 'again']);
  });

  it.each<[string, string, Partial<Installation>]>([
    ['may be written to as the installation says', 'write', {}],
    ['are read only where it says so', 'read', { write: false }],
    ['are out of reach where others were chosen', 'none', { repositories: ['lab-a/eeg'] }],
    ['are in reach where all are', 'write', { repositories: [], all_repositories: true }],
    ['may be among those that are not named', 'write', { repositories: ['lab-a/eeg'], count: 41 }],
    ['are out of reach of an App that is suspended', 'none', { suspended: true }],
    ['are out of reach of an App of somebody else', 'none', { account: 'lab-b' }]
  ])('%s', (_, access, change) => {
    expect(repositories(app(installation(change)), [FOLDING])[0]).toMatchObject({ access });
  });
});

describe('what is affected', () => {
  it('of the model are chats with an agent that run', () => {
    const chats = [
      chat({ name: 'Fix' }),
      chat({ name: 'Shell', agent: 'shell' }),
      chat({ name: 'Over', status: 'exited' })
    ];
    const key = { ...STATUS.openai, kind: 'key', key: 'sk-…f2' } as const;
    expect(withoutModel('key', key, chats)).toMatch(/^“Fix” and new chats reach no model/);
    expect(withoutModel('key', key, [])).toMatch(/^New chats reach no model/);
    const many = ['a', 'b', 'c', 'd', 'e'].map(name => chat({ name }));
    expect(withoutModel('key', key, many)).toMatch(/^“a”, “b”, “c” and 2 others and new chats/);
    // With both there, the other is used from then on; and nobody uses the one that is not in use.
    const account = { email: '', plan: '', signed_in_at: null, problem: null };
    const both = { ...key, chatgpt: account };
    expect(withoutModel('key', both, chats)).toMatch(/^“Fix” and new chats use the ChatGPT acc/);
    expect(withoutModel('chatgpt', both, chats)).toBe('No chat uses it.');
    const other = { ...both, kind: 'chatgpt' } as const;
    expect(withoutModel('chatgpt', other, [])).toBe('New chats use the API key from then on.');
  });

  it('of GitHub are the projects that are there, with their chats', () => {
    const elsewhere = project({ id: 'p2', name: 'away', url: 'https://git.example.com/a/b' });
    const chats = [chat({ project: 'p1' }), chat({ id: 'c2', project: 'p2' })];
    const said = withoutGitHub(TOKEN, [FOLDING, elsewhere], chats);
    expect(said).toBe(
      '“folding” is not fetched any more where private, and 1 chat there cannot push.'
    );
    expect(withoutGitHub(TOKEN, [elsewhere], chats)).toBe('No project is at that GitHub now.');
  });
});
