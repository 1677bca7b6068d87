import React, { useState } from 'react';

import type { HubModel } from '../model';
import { useSubmission } from './submission';
import { TextField } from './TextField';

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
  const [what, busy] = confirm ? ['Replace', 'Replacing…'] : ['Connect', 'Connecting…'];

  return (
    <form ref={form} className="jp-AgentHub-form jp-AgentHub-keyForm" onSubmit={submit}>
      <TextField
        label={confirm ? 'New API key' : 'API key'}
        field="api_key"
        errors={errors}
        isSecret
        placeholder="sk-…"
        value={key}
        onChange={setKey}
      />
      <TextField
        label="Address"
        field="base_url"
        errors={errors}
        placeholder="https://api.openai.com/v1"
        note="Leave empty for OpenAI. A vLLM, Ollama, LiteLLM or Azure endpoint works the same: name a model that it has in the settings of your projects. Where it takes no key, any word is one."
        value={baseUrl}
        onChange={setBaseUrl}
      />
      <div className="jp-AgentHub-keyActions">
        <button
          type="submit"
          className="jp-AgentHub-primary"
          disabled={isBusy || key.trim() === '' || model.outage?.kind === 'hub'}
        >
          {isBusy ? (isVerified ? 'Asking the API…' : busy) : what}
        </button>
        {onCancel && (
          <button type="button" className="jp-AgentHub-plain" onClick={onCancel}>
            Cancel
          </button>
        )}
        <label>
          <input
            type="checkbox"
            checked={isVerified}
            onChange={event => setVerified(event.target.checked)}
          />
          Ask the API whether the key works
        </label>
      </div>
    </form>
  );
}
