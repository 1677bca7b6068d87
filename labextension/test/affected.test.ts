import { describe, expect, it } from 'vitest';

import {
  gitHubName,
  whose,
  withAnotherGitHub,
  withAnotherKey,
  withoutGitHub,
  withoutModel
} from '../src/affected';
import { chat, project, STATUS } from './values';

const openai = { ...STATUS.openai, connected: true, kind: 'key' as const, key: 'sk-…f2' };
const github = {
  ...STATUS.github,
  connected: true,
  kind: 'token' as const,
  url: 'https://github.com'
};
const birds = project({ id: 'p1', name: 'birds', url: 'https://github.com/heron/birds' });
const count = chat({ id: 'c1', name: 'count', project: 'p1', agent: 'codex', status: 'running' });

describe('who is affected where a key goes', () => {
  it('is named: the chats that run, and those to come', () => {
    expect(withoutModel('key', openai, [count])).toBe(
      '“count” and new chats reach no model until OpenAI is connected again.'
    );
    expect(withAnotherKey(openai, [count])).toBe(
      '“count” and new chats use the new one from the next request on.'
    );
  });

  it('is nobody who does not use it', () => {
    const account = { ...openai, kind: 'chatgpt' as const };
    expect(withoutModel('key', account, [count])).toBe('No chat uses it.');
    expect(withAnotherKey(account, [count])).toBe('No chat uses it.');
    const stopped = chat({ ...count, status: 'exited' });
    expect(withAnotherKey(openai, [stopped])).toBe(
      'New chats use the new one from the next request on.'
    );
  });

  it('is no more than three by name', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map(name => chat({ ...count, id: name, name }));
    expect(withAnotherKey(openai, many)).toBe(
      '“a”, “b”, “c” and 2 others and new chats use the new one from the next request on.'
    );
  });
});

describe('who is affected where a GitHub account goes', () => {
  it('is named: the projects there, and their chats', () => {
    expect(withoutGitHub(github, [birds], [count])).toBe(
      '“birds” is not fetched any more where private, and 1 chat there cannot push.'
    );
    expect(withAnotherGitHub(github, github.url, 'token', [birds], [count])).toBe(
      '“birds” is fetched and pushed to by the new one from then on, by all chats there.'
    );
    expect(withAnotherGitHub(github, github.url, 'app', [birds], [])).toBe(
      '“birds” is fetched and pushed to by the new one once it is made and installed there, by all chats there.'
    );
  });

  it('is cut off where the new account is of another GitHub', () => {
    const elsewhere = 'https://github.example.com';
    expect(withAnotherGitHub(github, elsewhere, 'token', [birds], [count])).toBe(
      withoutGitHub(github, [birds], [count])
    );
  });

  it('is nobody whose project is elsewhere', () => {
    const elsewhere = project({ id: 'p2', url: 'https://example.org/heron/birds' });
    expect(withAnotherGitHub(github, github.url, 'token', [elsewhere], [count])).toBe(
      'No project is at that GitHub now.'
    );
  });
});

describe('whose what is replaced stays', () => {
  it('is named by its server, where it is none that everybody knows', () => {
    expect(whose({ base_url: 'https://api.openai.com/v1' })).toBe('OpenAI');
    expect(whose({ base_url: 'http://gpu-7:8000/v1' })).toBe('gpu-7:8000');
    expect(gitHubName({ url: 'https://github.com' })).toBe('GitHub');
    expect(gitHubName({ url: 'https://github.example.com' })).toBe('github.example.com');
  });
});
