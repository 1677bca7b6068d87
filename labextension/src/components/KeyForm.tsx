import React, { useState } from 'react';

import type { HubModel } from '../model';
import { trans } from '../translation';
import { useSubmission } from './submission';
import { TextField } from './TextField';

/** What keys and addresses look like. */
const KEY = 'sk-…';
const OPENAI = 'https://api.openai.com/v1';

interface IKeyFormProps {
  model: HubModel;
  baseUrl: string;
  onDone: () => void;
  onCancel: (() => void) | undefined;
  /** Asks before a key that is there is replaced; of one that there is not, none. */
  confirm: ((isVerified: boolean) => Promise<boolean>) | undefined;
}

/** An API key, and the API that it is for. */
export function KeyForm(props: IKeyFormProps): JSX.Element {
  const { model, onDone, onCancel, confirm } = props;
  const [key, setKey] = useState('');
  const [baseUrl, setBaseUrl] = useState(props.baseUrl);
  const [isVerified, setVerified] = useState(true);
  const { form, errors, isBusy, submit } = useSubmission(
    ['api_key', 'base_url'],
    async () => {
      await model.api.connectOpenAI({ api_key: key, base_url: baseUrl, verify: isVerified });
      setKey('');
      onDone();
    },
    confirm && (() => confirm(isVerified))
  );
  const [what, busy] = confirm
    ? [trans.__('Replace'), trans.__('Replacing…')]
    : [trans.__('Connect'), trans.__('Connecting…')];

  return (
    <form ref={form} className="jp-AgentHub-form jp-AgentHub-keyForm" onSubmit={submit}>
      <TextField
        label={confirm ? trans.__('New API key') : trans.__('API key')}
        field="api_key"
        errors={errors}
        isSecret
        placeholder={KEY}
        value={key}
        onChange={setKey}
      />
      <TextField
        label={trans.__('Address')}
        field="base_url"
        errors={errors}
        placeholder={OPENAI}
        note={trans.__(
          'Leave empty for OpenAI. A vLLM, Ollama, LiteLLM or Azure endpoint works the same: name a model that it has in the settings of your projects. Where it takes no key, any word is one.'
        )}
        value={baseUrl}
        onChange={setBaseUrl}
      />
      <div className="jp-AgentHub-keyActions">
        <button
          type="submit"
          className="jp-AgentHub-primary"
          disabled={isBusy || key.trim() === '' || model.outage?.kind === 'hub'}
        >
          {isBusy ? (isVerified ? trans.__('Asking the API…') : busy) : what}
        </button>
        {onCancel && (
          <button type="button" className="jp-AgentHub-plain" onClick={onCancel}>
            {trans.__('Cancel')}
          </button>
        )}
        <label>
          <input
            type="checkbox"
            checked={isVerified}
            onChange={event => setVerified(event.target.checked)}
          />
          {trans.__('Ask the API whether the key works')}
        </label>
      </div>
    </form>
  );
}
