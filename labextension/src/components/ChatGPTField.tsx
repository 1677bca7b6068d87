import React from 'react';
import type { CommandRegistry } from '@lumino/commands';

import type { OpenAIConnection, SignIn } from '../api';
import { isGoingOn, signInEnd } from '../connectionstate';
import { moment } from '../format';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { CommandIDs } from '../tokens';
import { Fact, Problem } from './Fact';
import { useKeptFocus } from './keptfocus';
import { SignInCard } from './SignInCard';
import { StatusMark } from './StatusMark';

interface IChatGPTFieldProps {
  model: HubModel;
  openai: OpenAIConnection;
  commands: CommandRegistry;
  isUp: boolean;
}

/** The ChatGPT account: signed in, being signed in, or not. */
export function ChatGPTField(props: IChatGPTFieldProps): JSX.Element {
  const { model, commands, isUp } = props;
  const { chatgpt, sign_in: signIn } = props.openai;
  const going = isGoingOn(signIn) ? signIn : null;
  const kept = useKeptFocus('.jp-AgentHub-signIn :is(a, button)', 'button:not(:disabled)');
  const begin = (method: SignIn['method']) =>
    void model.api.signIn(method).catch(refused('Could not begin to sign in'));
  const isExpired = signIn?.state === 'expired' && signIn.method === 'device';
  const ways = (
    <>
      <button
        type="button"
        className="jp-AgentHub-plain"
        disabled={!isUp}
        onClick={() => begin('device')}
      >
        {isExpired ? 'New code' : chatgpt ? 'Sign in again…' : 'Sign in with a code'}
      </button>
      <button
        type="button"
        className="jp-AgentHub-plain"
        disabled={!isUp}
        title="Where your account allows no codes"
        onClick={() => begin('browser')}
      >
        {chatgpt ? 'By browser…' : 'Sign in with the browser'}
      </button>
    </>
  );
  const end = signIn === null ? '' : signInEnd(signIn);
  return (
    <div {...kept}>
      <Fact
        label="ChatGPT"
        actions={
          chatgpt ? (
            <>
              {!going && ways}
              <button
                type="button"
                className="jp-AgentHub-plain"
                disabled={!isUp}
                onClick={() => void commands.execute(CommandIDs.signOut)}
              >
                Sign out…
              </button>
            </>
          ) : undefined
        }
      >
        {chatgpt ? (
          <>
            Signed in as <strong>{chatgpt.email || 'you'}</strong>{' '}
            <span className="jp-AgentHub-quiet">
              {[chatgpt.plan, chatgpt.signed_in_at && `since ${moment(chatgpt.signed_in_at)}`]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </>
        ) : going ? (
          <SignInCard model={model} signIn={going} />
        ) : (
          <span className="jp-AgentHub-factActions">{ways}</span>
        )}
      </Fact>
      {chatgpt && going && (
        <Fact label="">
          <SignInCard model={model} signIn={going} />
        </Fact>
      )}
      {chatgpt?.problem && (
        <Fact label="">
          <Problem problem={chatgpt.problem} />
          {props.openai.kind === 'chatgpt' && props.openai.key !== '' && (
            <p className="jp-AgentHub-note">
              Until then, chats can use the API key: choose it above.
            </p>
          )}
        </Fact>
      )}
      {end !== '' && (
        <p className="jp-AgentHub-note">
          {signIn?.state !== 'cancelled' && <StatusMark mark="warning" />} {end}{' '}
          <button
            type="button"
            className="jp-AgentHub-link"
            disabled={!isUp}
            onClick={() => void model.api.cancelSignIn().catch(refused('Could not dismiss it'))}
          >
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}
