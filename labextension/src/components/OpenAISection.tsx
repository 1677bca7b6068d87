import React, { useState } from 'react';
import type { CommandRegistry } from '@lumino/commands';

import { usersOfModel, withAnotherKey } from '../affected';
import type { OpenAIConnection } from '../api';
import { confirmed } from '../confirmed';
import { openaiState } from '../connectionstate';
import { ago, count } from '../format';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { CommandIDs } from '../tokens';
import { ChatGPTField } from './ChatGPTField';
import { Chip } from './Chip';
import { Choice } from './Choice';
import { Fact, Problem } from './Fact';
import { KeyForm } from './KeyForm';
import { useNow } from './hooks';
import { useKeptFocus } from './keptfocus';

interface IOpenAISectionProps {
  model: HubModel;
  openai: OpenAIConnection;
  commands: CommandRegistry;
}

/** What chats ask a model with: a key, or a ChatGPT account. */
export function OpenAISection(props: IOpenAISectionProps): JSX.Element {
  const { model, openai, commands } = props;
  const now = useNow(15_000);
  const [isReplacing, setReplacing] = useState(false);
  const isUp = model.outage?.kind !== 'hub';
  const kept = useKeptFocus('form input', 'button:not(:disabled)');
  const used = `used by ${count(usersOfModel(model.chats).length, 'chat')}`;
  const facts = [
    `for ${openai.base_url.replace(/^https?:\/\//, '')}`,
    openai.checked_at ? `checked ${ago(openai.checked_at, now)}` : 'not checked',
    ...(openai.kind === 'key' ? [used] : [])
  ];
  const isSure = () =>
    confirmed({
      title: 'Replace the OpenAI key?',
      body: `${withAnotherKey(openai, model.chats)} The key there is now is deleted from this server; it stays valid at OpenAI.`,
      accept: 'Replace'
    });
  const isThere = openai.connected || openai.chatgpt !== null;
  const isAsked = isReplacing || (openai.key === '' && openai.chatgpt === null);
  return (
    <section className="jp-AgentHub-connection" aria-labelledby="agent-hub-openai">
      <div className="jp-AgentHub-line">
        <h3 id="agent-hub-openai">OpenAI</h3>
        <Chip {...openaiState(openai)} />
      </div>
      {openai.problem && <Problem problem={openai.problem} />}
      {isThere && (
        <Fact label="Chats use">
          <Choice
            label="Chats use"
            value={openai.kind}
            isEnabled={isUp}
            options={[
              { value: 'key', label: 'API key', blocked: openai.key ? '' : 'There is no key.' },
              {
                value: 'chatgpt',
                label: 'ChatGPT account',
                blocked: openai.chatgpt ? '' : 'Nobody is signed in.'
              }
            ]}
            onChange={kind => {
              if (kind) {
                void model.api.useOpenAI(kind).catch(refused('Could not change what chats use'));
              }
            }}
          />
        </Fact>
      )}
      <div {...kept}>
        {openai.key && (
          <Fact
            label="API key"
            actions={
              <>
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
              </>
            }
          >
            <code>{openai.key}</code> <span className="jp-AgentHub-quiet">{facts.join(' · ')}</span>
          </Fact>
        )}
        {!openai.key && !isAsked && (
          <Fact label="API key">
            <button
              type="button"
              className="jp-AgentHub-plain"
              disabled={!isUp}
              onClick={() => setReplacing(true)}
            >
              Add a key…
            </button>
          </Fact>
        )}
        {isAsked && (
          <KeyForm
            model={model}
            baseUrl={openai.base_url}
            onDone={() => setReplacing(false)}
            onCancel={isReplacing ? () => setReplacing(false) : undefined}
            confirm={openai.key ? isSure : undefined}
          />
        )}
      </div>
      <ChatGPTField model={model} openai={openai} commands={commands} isUp={isUp} />
      <p className="jp-AgentHub-quiet">
        Keys and sign-ins stay on this server. Chats reach the model through the gateway and never
        see them.
      </p>
    </section>
  );
}
