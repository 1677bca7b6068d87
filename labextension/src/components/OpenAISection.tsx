import React, { useRef, useState } from 'react';
import type { CommandRegistry } from '@lumino/commands';

import { HubError, type OpenAIConnection } from '../api';
import { age, count } from '../format';
import type { FieldError } from '../forms';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { Chip } from './Chip';
import { Field } from './Field';
import { useNow } from './hooks';

interface IOpenAISectionProps {
  model: HubModel;
  openai: OpenAIConnection;
  commands: CommandRegistry;
}

/** The key that chats ask a model with. */
export function OpenAISection(props: IOpenAISectionProps): JSX.Element {
  const { model, openai, commands } = props;
  const now = useNow(15_000);
  const [isReplacing, setReplacing] = useState(false);
  const isUp = model.outage?.kind !== 'hub';
  const users = model.chats.filter(chat => chat.status === 'running' && chat.agent === 'codex');
  const checked = openai.checked_at ? `checked ${ago(openai.checked_at, now)}` : 'not checked';
  return (
    <section className="jp-AgentHub-connection" aria-labelledby="agent-hub-openai">
      <div className="jp-AgentHub-line">
        <h3 id="agent-hub-openai">OpenAI</h3>
        <span aria-live="polite">
          <State openai={openai} />
        </span>
      </div>
      {openai.problem && (
        <p className="jp-AgentHub-problem">
          <strong>{openai.problem.message}</strong> {openai.problem.hint}
        </p>
      )}
      {openai.connected && (
        <div className="jp-AgentHub-fact">
          <span className="jp-AgentHub-quiet">API key</span>
          <span>
            <code>{openai.key}</code>{' '}
            <span className="jp-AgentHub-quiet">
              for {openai.base_url.replace(/^https?:\/\//, '')} · {checked} · used by{' '}
              {count(users.length, 'chat')}
            </span>
          </span>
          <span className="jp-AgentHub-factActions">
            <button
              type="button"
              className="jp-AgentHub-plain"
              disabled={!isUp || isReplacing}
              onClick={() => setReplacing(true)}
            >
              Replace…
            </button>
            <button
              type="button"
              className="jp-AgentHub-plain"
              disabled={!isUp}
              onClick={() => void commands.execute(CommandIDs.disconnectOpenAI)}
            >
              Remove…
            </button>
          </span>
        </div>
      )}
      {(!openai.connected || isReplacing) && (
        <KeyForm
          model={model}
          baseUrl={openai.base_url}
          onDone={() => setReplacing(false)}
          onCancel={isReplacing ? () => setReplacing(false) : undefined}
        />
      )}
      <p className="jp-AgentHub-quiet">
        The key stays on this server. Chats reach the model through the gateway and never see it.
      </p>
    </section>
  );
}

/** How long ago: `4 min ago`, and of another day its name. */
function ago(time: string, now: number): string {
  const passed = age(time, now);
  return /(min|h)$/.test(passed) ? `${passed} ago` : passed;
}

function State(props: { openai: OpenAIConnection }): JSX.Element {
  const { connected, problem, checked_at } = props.openai;
  if (problem) {
    return <Chip mark="failed" word={connected ? 'Key does not work' : 'Cannot be read'} />;
  }
  if (!connected) {
    return <Chip mark="pending" word="Not connected" />;
  }
  return checked_at ? (
    <Chip mark="ready" word="API key works" />
  ) : (
    <Chip mark="ready" word="Connected" />
  );
}

interface IKeyFormProps {
  model: HubModel;
  baseUrl: string;
  onDone: () => void;
  onCancel: (() => void) | undefined;
}

function KeyForm(props: IKeyFormProps): JSX.Element {
  const { model, onDone, onCancel } = props;
  const [key, setKey] = useState('');
  const [baseUrl, setBaseUrl] = useState(props.baseUrl);
  const [isVerified, setVerified] = useState(true);
  const [errors, setErrors] = useState<FieldError[]>([]);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const submit = async () => {
    setBusy(true);
    try {
      await model.api.connectOpenAI({ api_key: key, base_url: baseUrl, verify: isVerified });
      setKey('');
      setErrors([]);
      onDone();
    } catch (reason) {
      const { field, message, hint } = HubError.from(reason);
      setErrors([{ field: field === 'base_url' ? field : 'api_key', message, hint }]);
      form.current?.querySelector('input')?.focus();
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      ref={form}
      className="jp-AgentHub-form jp-AgentHub-keyForm"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field label="API key" field="api_key" errors={errors}>
        {control => (
          <input
            {...control}
            type="password"
            className="jp-mod-styled"
            autoComplete="off"
            spellCheck={false}
            placeholder="sk-…"
            value={key}
            onChange={event => setKey(event.target.value)}
          />
        )}
      </Field>
      <Field
        label="Address"
        field="base_url"
        errors={errors}
        note="Leave empty for OpenAI. A vLLM, Ollama, LiteLLM or Azure endpoint works the same."
      >
        {control => (
          <input
            {...control}
            type="text"
            className="jp-mod-styled"
            spellCheck={false}
            placeholder="https://api.openai.com/v1"
            value={baseUrl}
            onChange={event => setBaseUrl(event.target.value)}
          />
        )}
      </Field>
      <div className="jp-AgentHub-keyActions">
        <button
          type="submit"
          className="jp-AgentHub-primary"
          disabled={isBusy || key.trim() === '' || model.outage?.kind === 'hub'}
        >
          {isBusy ? (isVerified ? 'Asking the API…' : 'Connecting…') : 'Connect'}
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
