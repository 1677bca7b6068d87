import React, { useEffect, useState } from 'react';
import type { CommandRegistry } from '@lumino/commands';

import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { Banner } from './Banner';

/** Seconds between two looks at an engine that does not answer. */
const RETRY = 10;

interface IEngineBannerProps {
  model: HubModel;
  commands: CommandRegistry;
}

/** What keeps chats from running, or from being isolated; nothing where all is well. */
export function EngineBanner(props: IEngineBannerProps): JSX.Element | null {
  const { model, commands } = props;
  const { outage } = model;
  const engine = model.status?.engine;
  if (outage?.kind === 'hub') {
    const hint = model.stream.failure?.status ? model.stream.failure.hint : '';
    return (
      <Banner kind="error" title={outage.reason}>
        {hint && <p>{hint}</p>}
        <p>
          {trans.__(
            'Your chats and files are safe. It is asked again every few seconds, and this panel comes back by itself.'
          )}
        </p>
      </Banner>
    );
  }
  if (outage && engine) {
    return (
      <Banner kind="error" title={outage.reason}>
        {engine.message && <p>{engine.message}</p>}
        {model.chats.length > 0 && (
          <p>
            {engine.kind === 'docker'
              ? trans.__(
                  'Your chats and files are safe; they come back by themselves when Docker does.'
                )
              : trans.__(
                  'Your chats and files are safe; they come back by themselves when it does.'
                )}
          </p>
        )}
        <TryAgain key={engine.checked_at} commands={commands} />
      </Banner>
    );
  }
  if (engine && !engine.isolated) {
    return (
      <Banner kind="warning" title={trans.__('Not isolated: no container engine')}>
        <p>
          {trans.__(
            'Agents run as plain processes of this machine and can change what you can. Start Docker, then this server, to give each chat its own container.'
          )}
        </p>
      </Banner>
    );
  }
  return null;
}

function TryAgain(props: { commands: CommandRegistry }): JSX.Element {
  const { commands } = props;
  const [left, setLeft] = useState(RETRY);
  useEffect(() => {
    const timer = setTimeout(() => {
      setLeft(left > 1 ? left - 1 : RETRY);
      if (left === 1) {
        void commands.execute(CommandIDs.checkEngine);
      }
    }, 1000);
    return () => clearTimeout(timer);
  }, [left, commands]);
  return (
    <div className="jp-AgentHub-bannerActions">
      <button
        type="button"
        className="jp-AgentHub-primary"
        onClick={() => void commands.execute(CommandIDs.checkEngine)}
      >
        {trans.__('Try again')}
      </button>
      <span>{trans.__('next try in %1 s', left)}</span>
    </div>
  );
}
