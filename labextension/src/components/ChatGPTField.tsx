import React from 'react';
import type { CommandRegistry } from '@lumino/commands';

import type { OpenAIConnection, SignIn } from '../api';
import { isGoingOn, signInEnd } from '../connectionstate';
import { moment } from '../format';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { Fact, Problem } from './Fact';
import { useKeptFocus } from './keptfocus';
import { place, Sentence } from './Sentence';
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
    void model.api.signIn(method).catch(refused(trans.__('Could not begin to sign in')));
  const isExpired = signIn?.state === 'expired' && signIn.method === 'device';
  const ways = (
    <>
      <button
        type="button"
        className="jp-AgentHub-plain"
        disabled={!isUp}
        onClick={() => begin('device')}
      >
        {isExpired
          ? trans.__('New code')
          : chatgpt
            ? trans.__('Sign in again…')
            : trans.__('Sign in with a code')}
      </button>
      <button
        type="button"
        className="jp-AgentHub-plain"
        disabled={!isUp}
        title={trans.__('Where your account allows no codes')}
        onClick={() => begin('browser')}
      >
        {chatgpt ? trans.__('By browser…') : trans.__('Sign in with the browser')}
      </button>
    </>
  );
  const end = signIn === null ? '' : signInEnd(signIn);
  return (
    <div {...kept}>
      <Fact
        label={trans.__('ChatGPT')}
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
                {trans.__('Sign out…')}
              </button>
            </>
          ) : undefined
        }
      >
        {chatgpt ? (
          <>
            <Sentence words={trans.__('Signed in as %1', place(1))}>
              <strong>{chatgpt.email || trans.__('you')}</strong>
            </Sentence>{' '}
            <span className="jp-AgentHub-quiet">
              {[
                chatgpt.plan,
                chatgpt.signed_in_at && trans.__('since %1', moment(chatgpt.signed_in_at))
              ]
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
              {trans.__('Until then, chats can use the API key: choose it above.')}
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
            onClick={() =>
              void model.api.cancelSignIn().catch(refused(trans.__('Could not dismiss it')))
            }
          >
            {trans.__('Dismiss')}
          </button>
        </p>
      )}
    </div>
  );
}
