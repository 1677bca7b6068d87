import React from 'react';
import type { CommandRegistry } from '@lumino/commands';

import type { OpenAIConnection } from '../api';
import { openaiState } from '../connectionstate';
import type { HubModel } from '../model';
import { refused } from '../notices';
import { trans } from '../translation';
import { ApiKeyField } from './ApiKeyField';
import { ChatGPTField } from './ChatGPTField';
import { Chip } from './Chip';
import { Choice } from './Choice';
import { Fact, Problem } from './Fact';

interface IOpenAISectionProps {
  model: HubModel;
  openai: OpenAIConnection;
  commands: CommandRegistry;
}

/** What chats ask a model with: a key, or a ChatGPT account. */
export function OpenAISection(props: IOpenAISectionProps): JSX.Element {
  const { model, openai, commands } = props;
  const isUp = model.outage?.kind !== 'hub';
  const isThere = openai.connected || openai.chatgpt !== null;
  return (
    <section className="jp-AgentHub-connection" aria-labelledby="agent-hub-openai">
      <div className="jp-AgentHub-line">
        <h3 id="agent-hub-openai">{trans.__('OpenAI')}</h3>
        <Chip {...openaiState(openai)} />
      </div>
      {openai.problem && <Problem problem={openai.problem} />}
      {isThere && (
        <Fact label={trans.__('Chats use')}>
          <Choice
            label={trans.__('Chats use')}
            value={openai.kind}
            isEnabled={isUp}
            options={[
              {
                value: 'key',
                label: trans.__('API key'),
                blocked: openai.key ? '' : trans.__('There is no key.')
              },
              {
                value: 'chatgpt',
                label: trans.__('ChatGPT account'),
                blocked: openai.chatgpt ? '' : trans.__('Nobody is signed in.')
              }
            ]}
            onChange={kind => {
              if (kind) {
                void model.api
                  .useOpenAI(kind)
                  .catch(refused(trans.__('Could not change what chats use')));
              }
            }}
          />
        </Fact>
      )}
      <ApiKeyField model={model} openai={openai} commands={commands} isUp={isUp} />
      <ChatGPTField model={model} openai={openai} commands={commands} isUp={isUp} />
      <p className="jp-AgentHub-quiet">
        {trans.__(
          'Keys and sign-ins stay on this server. Chats reach the model through the gateway and never see them.'
        )}
      </p>
    </section>
  );
}
