import type {
  ErrorBody,
  GatewayRoute,
  GitHubConnection,
  OpenAIConnection,
  SignIn,
  Status
} from './api';
import type { Mark } from './components/StatusMark';
import { count } from './format';

/** A state as a chip shows it. */
export interface IState {
  mark: Mark;
  word: string;
}

export function openaiState(openai: OpenAIConnection): IState {
  const { connected, kind, problem, checked_at, chatgpt } = openai;
  if (kind === 'chatgpt') {
    // A key beside it that does not work hinders nobody.
    return chatgpt?.problem
      ? { mark: 'failed', word: 'Sign in again' }
      : { mark: 'ready', word: 'Signed in' };
  }
  if (problem) {
    return { mark: 'failed', word: connected ? 'Key does not work' : 'Cannot be read' };
  }
  if (!connected) {
    return { mark: 'pending', word: 'Not connected' };
  }
  return { mark: 'ready', word: checked_at ? 'API key works' : 'Connected' };
}

export function githubState(github: GitHubConnection): IState {
  const { connected, kind, problem, app } = github;
  if (problem) {
    return { mark: 'failed', word: connected ? 'Does not work' : 'Cannot be read' };
  }
  if (!connected) {
    return { mark: 'pending', word: 'Not connected' };
  }
  if (kind === 'token') {
    return { mark: 'ready', word: 'Token works' };
  }
  const installations = app?.installations ?? [];
  if (installations.some(({ suspended }) => !suspended)) {
    return { mark: 'ready', word: 'App connected' };
  }
  return { mark: 'warning', word: installations.length > 0 ? 'Suspended' : 'Not installed' };
}

export function gatewayState(routes: readonly GatewayRoute[]): IState {
  const troubled = routes.filter(({ state }) => state === 'trouble');
  if (troubled.length > 0) {
    return { mark: 'failed', word: `Trouble with ${count(troubled.length, 'host')}` };
  }
  return routes.some(({ state }) => state === 'ok')
    ? { mark: 'ready', word: 'Healthy' }
    : { mark: 'pending', word: 'Idle' };
}

/** Whether a sign-in needs the person, or is about to. */
export function isGoingOn(signIn: SignIn | null): signIn is SignIn {
  return signIn?.state === 'starting' || signIn?.state === 'waiting';
}

/** How a sign-in ended, where that needs a word. */
export function signInEnd(signIn: SignIn): string {
  switch (signIn.state) {
    case 'expired':
      return signIn.method === 'device'
        ? 'The code expired.'
        : 'The sign-in took too long. Begin it again.';
    case 'failed':
      return said(signIn.error ?? { message: 'The sign-in failed.', hint: 'Begin it again.' });
    case 'cancelled':
      return 'The sign-in was cancelled.';
    default:
      return '';
  }
}

/** What of the connections a person is told of who does not see them, by what it is about. */
export function connectionWords({
  openai,
  github
}: Pick<Status, 'openai' | 'github'>): Map<string, string> {
  const words = new Map([
    ['OpenAI', openaiState(openai).word],
    ['GitHub', githubState(github).word]
  ]);
  const { sign_in: signIn } = openai;
  if (signIn) {
    words.set('Sign-in with ChatGPT', signInWords(signIn));
  }
  return words;
}

function signInWords(signIn: SignIn): string {
  if (signIn.state === 'starting') {
    return 'being prepared';
  }
  if (signIn.state !== 'waiting') {
    return signInEnd(signIn).replace(/\.$/, '') || 'done';
  }
  return signIn.method === 'device'
    ? // Letter by letter: it is to be typed.
      `open ${signIn.url} and enter the code ${[...signIn.code].join(' ')}`
    : 'confirm in the browser';
}

/** Why the person has to look at the connections, each of them; null where all is well. */
export function trouble({ openai, github }: Pick<Status, 'openai' | 'github'>): string | null {
  const isChatGPT = openai.kind === 'chatgpt';
  const problem = isChatGPT ? openai.chatgpt?.problem : openai.problem;
  const isThere = isChatGPT ? openai.chatgpt !== null : openai.connected;
  const words = [
    problem?.message ?? (isThere ? '' : 'OpenAI is not connected.'),
    github.problem?.message ?? ''
  ];
  return words.filter(Boolean).join(' ') || null;
}

function said({ message, hint }: Pick<ErrorBody, 'message' | 'hint'>): string {
  return [message, hint].filter(Boolean).join(' ');
}
