import React, { useState } from 'react';
import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon, launchIcon } from '@jupyterlab/ui-components';

import type { SignIn } from '../api';
import { countdown } from '../format';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { trans } from '../translation';
import { BarButton } from './BarButton';
import { useNow } from './hooks';
import { place, Sentence } from './Sentence';
import { StatusMark } from './StatusMark';
import { useSubmission } from './submission';
import { TextField } from './TextField';

/** What the address looks like that the browser is led to in the end. */
const LED_TO = 'http://127.0.0.1:1455/auth/callback?code=…';

interface ISignInCardProps {
  model: HubModel;
  signIn: SignIn;
}

/** A sign-in with ChatGPT that goes on: what the person does next, and how long there is for it. */
export function SignInCard(props: ISignInCardProps): JSX.Element {
  const { model, signIn } = props;
  const now = useNow(1000, signIn.expires_at !== null);
  const left = signIn.expires_at === null ? null : countdown(signIn.expires_at, now);
  const isWaiting = signIn.state === 'waiting';
  const isDevice = signIn.method === 'device';
  const again = () =>
    void model.api.signIn(signIn.method).catch(refused(trans.__('Could not begin to sign in')));
  return (
    <div className="jp-AgentHub-signIn">
      <div className="jp-AgentHub-line">
        <StatusMark mark="running" />
        <strong>
          {isWaiting
            ? trans.__('Waiting for you to confirm in the browser')
            : trans.__('Preparing the sign-in…')}
        </strong>
        <span className="jp-AgentHub-spacer" />
        {left !== null && (
          <span className="jp-AgentHub-quiet">
            {isDevice ? trans.__('code expires in %1', left) : trans.__('expires in %1', left)}
          </span>
        )}
      </div>
      {signIn.progress !== '' && (
        <p className="jp-AgentHub-quiet jp-AgentHub-progress">{signIn.progress}</p>
      )}
      {isWaiting && (
        <ol>
          <li>
            <Sentence words={trans.__('Open %1', place(1))}>
              <a href={signIn.url} target="_blank" rel="noreferrer">
                {isDevice
                  ? signIn.url.replace(/^https?:\/\//, '')
                  : trans.__('the sign-in page of OpenAI')}
                <launchIcon.react tag="span" />
              </a>
            </Sentence>
          </li>
          {isDevice ? <Code code={signIn.code} /> : <Address model={model} />}
        </ol>
      )}
      <div className="jp-AgentHub-factActions">
        {isWaiting && (
          <BarButton
            icon={launchIcon}
            label={trans.__('Open page')}
            isEnabled
            isPrimary
            onClick={() => window.open(signIn.url, '_blank', 'noreferrer')}
          />
        )}
        {isWaiting && isDevice && (
          <button type="button" className="jp-AgentHub-plain" onClick={again}>
            {trans.__('New code')}
          </button>
        )}
        <button
          type="button"
          className="jp-AgentHub-plain"
          onClick={() => void model.api.cancelSignIn().catch(refused(trans.__('Could not cancel')))}
        >
          {trans.__('Cancel')}
        </button>
      </div>
    </div>
  );
}

function Code(props: { code: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  return (
    <li>
      <Sentence words={trans.__('Enter this code %1', place(1))}>
        <code>{props.code}</code>
      </Sentence>
      <button
        type="button"
        className="jp-AgentHub-plain"
        onClick={() => {
          Clipboard.copyToSystem(props.code);
          setCopied(true);
        }}
      >
        <copyIcon.react tag="span" />
        {isCopied ? trans.__('Copied') : trans.__('Copy code')}
      </button>
    </li>
  );
}

function Address(props: { model: HubModel }): JSX.Element {
  const [url, setUrl] = useState('');
  const { form, errors, isBusy, submit } = useSubmission(['url'], async () => {
    await props.model.api.finishSignIn(url);
    setUrl('');
  });
  return (
    <li>
      {trans.__(
        'Where the browser then says that it cannot connect, paste the address that it was led to:'
      )}
      <form ref={form} className="jp-AgentHub-form jp-AgentHub-address" onSubmit={submit}>
        <TextField
          label={trans.__('Address')}
          field="url"
          errors={errors}
          isSecret
          placeholder={LED_TO}
          value={url}
          onChange={setUrl}
        />
        <button type="submit" className="jp-AgentHub-plain" disabled={isBusy || url.trim() === ''}>
          {isBusy ? trans.__('Signing in…') : trans.__('Finish')}
        </button>
      </form>
    </li>
  );
}
