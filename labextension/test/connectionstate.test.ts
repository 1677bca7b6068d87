import { describe, expect, it } from 'vitest';

import type { GatewayRoute, OpenAIConnection, SignIn } from '../src/api';
import {
  connectionWords,
  gatewayState,
  githubState,
  openaiState,
  signInEnd,
  trouble
} from '../src/connectionstate';
import { githubApp, installation, STATUS } from './values';

const PROBLEM = { code: 'refused', message: 'It refuses the key (401).', hint: 'Use another.' };
const ACCOUNT = { email: 'heron@example.com', plan: 'plus', signed_in_at: null, problem: null };

const openai = (change: Partial<OpenAIConnection> = {}): OpenAIConnection => ({
  ...STATUS.openai,
  ...change
});
const key = openai({ connected: true, kind: 'key', key: 'sk-…f2' });
const account = openai({ kind: 'chatgpt', chatgpt: ACCOUNT });

const signIn = (change: Partial<SignIn>): SignIn => ({
  id: 's1',
  method: 'device',
  state: 'waiting',
  progress: '',
  url: '',
  code: '',
  expires_at: null,
  error: null,
  ...change
});

describe('the state of OpenAI', () => {
  it('says of a key that it works only once the API was asked', () => {
    expect(openaiState(STATUS.openai).word).toBe('Not connected');
    expect(openaiState(key).word).toBe('Connected');
    expect(openaiState({ ...key, checked_at: '2025-01-01T12:00:00Z' }).word).toBe('API key works');
    expect(openaiState({ ...key, problem: PROBLEM })).toEqual({
      mark: 'failed',
      word: 'Key does not work'
    });
  });

  it('is that of the account where chats use it', () => {
    expect(openaiState(account).word).toBe('Signed in');
    const ended = openai({ kind: 'chatgpt', chatgpt: { ...ACCOUNT, problem: PROBLEM } });
    expect(openaiState(ended)).toEqual({ mark: 'failed', word: 'Sign in again' });
  });
});

describe('what is said of the connections to who does not see them', () => {
  const words = (change: Partial<OpenAIConnection>) =>
    connectionWords({ ...STATUS, openai: openai(change) });

  it('is the state of each', () => {
    expect([...words({})]).toEqual([
      ['OpenAI', 'Not connected'],
      ['GitHub', 'Not connected']
    ]);
  });

  it('has the code of a sign-in by its letters, and how it ended', () => {
    const url = 'https://auth.openai.com/codex/device';
    const said = (change: Partial<SignIn>) =>
      words({ sign_in: signIn(change) }).get('Sign-in with ChatGPT');
    expect(said({ state: 'starting' })).toBe('being prepared');
    expect(said({ url, code: 'WD-MJ' })).toBe(`open ${url} and enter the code W D - M J`);
    expect(said({ method: 'browser', url })).toBe('confirm in the browser');
    expect(said({ state: 'expired' })).toBe('The code expired');
    expect(said({ state: 'done' })).toBe('done');
  });
});

describe('the state of GitHub', () => {
  const app = (...installations: ReturnType<typeof installation>[]) => ({
    ...STATUS.github,
    connected: true,
    kind: 'app' as const,
    app: githubApp({ installations })
  });

  it('says of an App whether it may reach anything', () => {
    expect(githubState(app()).word).toBe('Not installed');
    expect(githubState(app(installation({ suspended: true }))).word).toBe('Suspended');
    expect(githubState(app(installation())).word).toBe('App connected');
  });

  it('says of a token whether it works', () => {
    const token = { ...STATUS.github, connected: true, kind: 'token' as const };
    expect(githubState(token).word).toBe('Token works');
    expect(githubState({ ...token, problem: PROBLEM }).mark).toBe('failed');
  });
});

describe('the state of the gateway', () => {
  const route = (state: GatewayRoute['state']): GatewayRoute => ({
    host: 'api.openai.com',
    state,
    requests: 0,
    errors: 0,
    median_ms: null,
    problem: ''
  });

  it('is that of the worst of its hosts', () => {
    expect(gatewayState([route('idle'), route('not_connected')]).word).toBe('Idle');
    expect(gatewayState([route('ok'), route('idle')]).word).toBe('Healthy');
    expect(gatewayState([route('ok'), route('trouble')]).word).toBe('Trouble with 1 host');
  });
});

describe('the end of a sign-in', () => {
  it('says what to do next', () => {
    expect(signInEnd(signIn({ state: 'expired' }))).toContain('The code expired.');
    expect(signInEnd(signIn({ state: 'expired', method: 'browser' }))).not.toContain('code');
    const failed = signIn({ state: 'failed', error: { ...PROBLEM, hint: '' } });
    expect(signInEnd(failed)).toBe(PROBLEM.message);
  });

  it('says nothing while it goes on, nor where the account is shown instead', () => {
    expect(signInEnd(signIn({ state: 'waiting' }))).toBe('');
    expect(signInEnd(signIn({ state: 'done' }))).toBe('');
  });
});

describe('trouble', () => {
  const { github } = STATUS;

  it('is there until chats can reach a model, by a key or an account', () => {
    expect(trouble({ openai: STATUS.openai, github })).toBe('OpenAI is not connected.');
    expect(trouble({ openai: key, github })).toBeNull();
    expect(trouble({ openai: account, github })).toBeNull();
  });

  it('is what does not work of what chats use', () => {
    expect(trouble({ openai: { ...key, problem: PROBLEM }, github })).toBe(PROBLEM.message);
    const ended = { ...ACCOUNT, problem: PROBLEM };
    expect(trouble({ openai: { ...account, chatgpt: ended }, github })).toBe(PROBLEM.message);
    expect(trouble({ openai: { ...key, chatgpt: ended }, github })).toBeNull();
    expect(trouble({ openai: key, github: { ...github, problem: PROBLEM } })).toBe(PROBLEM.message);
  });

  it('is what is wrong with either', () => {
    const github = {
      ...STATUS.github,
      connected: true,
      problem: { ...PROBLEM, message: 'GitHub says no.' }
    };
    expect(trouble({ openai: STATUS.openai, github })).toBe(
      'OpenAI is not connected. GitHub says no.'
    );
  });

  it('is no sign-in that failed, which is told on the page', () => {
    const sign_in = signIn({ state: 'failed', error: PROBLEM });
    expect(trouble({ openai: openai({ sign_in }), github })).toBe('OpenAI is not connected.');
    expect(trouble({ openai: { ...key, sign_in }, github })).toBeNull();
  });
});
