import type {
  ErrorBody,
  GatewayRoute,
  GitHubConnection,
  OpenAIConnection,
  SignIn,
  Status
} from './api';
import type { Mark } from './components/StatusMark';
import { trans } from './translation';

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
      ? { mark: 'failed', word: trans.__('Sign in again') }
      : { mark: 'ready', word: trans.__('Signed in') };
  }
  if (problem) {
    const word = connected ? trans.__('Key does not work') : trans.__('Cannot be read');
    return { mark: 'failed', word };
  }
  if (!connected) {
    return { mark: 'pending', word: trans.__('Not connected') };
  }
  const word = checked_at ? trans.__('API key works') : trans.__('Connected');
  return { mark: 'ready', word };
}

export function githubState(github: GitHubConnection): IState {
  const { connected, kind, problem, app } = github;
  if (problem) {
    const word = connected ? trans.__('Does not work') : trans.__('Cannot be read');
    return { mark: 'failed', word };
  }
  if (!connected) {
    return { mark: 'pending', word: trans.__('Not connected') };
  }
  if (kind === 'token') {
    return { mark: 'ready', word: trans.__('Token works') };
  }
  const installations = app?.installations ?? [];
  if (installations.some(({ suspended }) => !suspended)) {
    return { mark: 'ready', word: trans.__('App connected') };
  }
  const word = installations.length > 0 ? trans.__('Suspended') : trans.__('Not installed');
  return { mark: 'warning', word };
}

export function gatewayState(routes: readonly GatewayRoute[]): IState {
  const troubled = routes.filter(({ state }) => state === 'trouble');
  if (troubled.length > 0) {
    const word = trans._n('Trouble with %1 host', 'Trouble with %1 hosts', troubled.length);
    return { mark: 'failed', word };
  }
  return routes.some(({ state }) => state === 'ok')
    ? { mark: 'ready', word: trans.__('Healthy') }
    : { mark: 'pending', word: trans.__('Idle') };
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
        ? trans.__('The code expired.')
        : trans.__('The sign-in took too long. Begin it again.');
    case 'failed':
      return said(
        signIn.error ?? {
          message: trans.__('The sign-in failed.'),
          hint: trans.__('Begin it again.')
        }
      );
    case 'cancelled':
      return trans.__('The sign-in was cancelled.');
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
    [trans.__('OpenAI'), openaiState(openai).word],
    [trans.__('GitHub'), githubState(github).word]
  ]);
  const { sign_in: signIn } = openai;
  if (signIn) {
    words.set(trans.__('Sign-in with ChatGPT'), signInWords(signIn));
  }
  return words;
}

function signInWords(signIn: SignIn): string {
  if (signIn.state === 'starting') {
    return trans.__('being prepared');
  }
  if (signIn.state !== 'waiting') {
    return signInEnd(signIn).replace(/\.$/, '') || trans.__('done');
  }
  return signIn.method === 'device'
    ? // Letter by letter: it is to be typed.
      trans.__('open %1 and enter the code %2', signIn.url, [...signIn.code].join(' '))
    : trans.__('confirm in the browser');
}

/** Why the person has to look at the connections, each of them; null where all is well. */
export function trouble({ openai, github }: Pick<Status, 'openai' | 'github'>): string | null {
  const isChatGPT = openai.kind === 'chatgpt';
  const problem = isChatGPT ? openai.chatgpt?.problem : openai.problem;
  const isThere = isChatGPT ? openai.chatgpt !== null : openai.connected;
  const words = [
    problem?.message ?? (isThere ? '' : trans.__('OpenAI is not connected.')),
    github.problem?.message ?? ''
  ];
  return words.filter(Boolean).join(' ') || null;
}

function said({ message, hint }: Pick<ErrorBody, 'message' | 'hint'>): string {
  return [message, hint].filter(Boolean).join(' ');
}
