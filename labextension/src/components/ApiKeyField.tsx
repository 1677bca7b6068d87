import React, { useState } from 'react';
import type { CommandRegistry } from '@lumino/commands';

import { usersOfModel, whose, withAnotherKey } from '../affected';
import type { OpenAIConnection } from '../api';
import { confirmed } from '../confirmed';
import { ago } from '../format';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { AccountActions } from './AccountActions';
import { Fact } from './Fact';
import { useNow } from './hooks';
import { useKeptFocus } from './keptfocus';
import { KeyForm } from './KeyForm';

interface IApiKeyFieldProps {
  model: HubModel;
  openai: OpenAIConnection;
  commands: CommandRegistry;
  isUp: boolean;
}

/** The API key: the one there is, and the form for another. */
export function ApiKeyField(props: IApiKeyFieldProps): JSX.Element {
  const { model, openai, commands, isUp } = props;
  const now = useNow(15_000);
  const [isReplacing, setReplacing] = useState(false);
  // Of a key that is removed: whoever did so by mistake has the address still.
  const [lastUrl, setLastUrl] = useState(openai.base_url);
  if (openai.base_url !== '' && openai.base_url !== lastUrl) {
    setLastUrl(openai.base_url);
  }
  const kept = useKeptFocus('form input', 'button:not(:disabled)');
  const isAsked = isReplacing || (openai.key === '' && openai.chatgpt === null);
  const users = usersOfModel(model.chats).length;
  const facts = [
    trans.__('for %1', openai.base_url.replace(/^https?:\/\//, '')),
    openai.checked_at
      ? trans.__('checked %1', ago(openai.checked_at, now))
      : trans.__('not checked'),
    ...(openai.kind === 'key' ? [trans._n('used by %1 chat', 'used by %1 chats', users)] : [])
  ];
  const isSure = (isVerified: boolean) => {
    const then = isVerified
      ? trans.__(
          'The new key is tried first: if it is refused, nothing changes. Else the key there is now is deleted from this server; it stays valid at %1.',
          whose(openai)
        )
      : trans.__(
          'The new key is not tried. The key there is now is deleted from this server; it stays valid at %1.',
          whose(openai)
        );
    return confirmed({
      title: trans.__('Replace the OpenAI key?'),
      body: `${withAnotherKey(openai, model.chats)} ${then}`,
      accept: trans.__('Replace')
    });
  };
  return (
    <div {...kept}>
      {openai.key && (
        <Fact
          label={trans.__('API key')}
          actions={
            <AccountActions
              isUp={isUp}
              isReplacing={isReplacing}
              onReplace={() => setReplacing(true)}
              end={trans.__('Remove…')}
              onEnd={() => void commands.execute(CommandIDs.disconnectOpenAI)}
            />
          }
        >
          <code>{openai.key}</code> <span className="jp-AgentHub-quiet">{facts.join(' · ')}</span>
        </Fact>
      )}
      {!openai.key && !isAsked && (
        <Fact label={trans.__('API key')}>
          <button
            type="button"
            className="jp-AgentHub-plain"
            disabled={!isUp}
            onClick={() => setReplacing(true)}
          >
            {trans.__('Add a key…')}
          </button>
        </Fact>
      )}
      {isAsked && (
        <KeyForm
          model={model}
          baseUrl={openai.base_url || lastUrl}
          onDone={() => setReplacing(false)}
          onCancel={isReplacing ? () => setReplacing(false) : undefined}
          confirm={openai.key ? isSure : undefined}
        />
      )}
    </div>
  );
}
