import React, { useEffect, useState } from 'react';
import type { CommandRegistry } from '@lumino/commands';

import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
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
  const engine = model.status?.engine;
  if (model.connection === 'offline') {
    const failure = model.stream.failure;
    const isGone = !failure || failure.status === 0;
    return (
      <Banner kind="error" title={isGone ? 'The hub does not answer' : failure.message}>
        <p>
          {isGone
            ? 'Your chats and files are safe; this panel comes back when the Jupyter server does.'
            : failure.hint}
        </p>
      </Banner>
    );
  }
  if (engine && !engine.reachable) {
    const name = engine.kind === 'docker' ? 'Docker' : 'The engine';
    return (
      <Banner kind="error" title={`${name} does not answer`}>
        <p>
          {model.chats.length > 0 || engine.message === ''
            ? `Your chats and files are safe; chats resume when ${name} is back.`
            : engine.message}
        </p>
        <TryAgain key={engine.checked_at} commands={commands} />
      </Banner>
    );
  }
  if (engine && !engine.isolated) {
    return (
      <Banner kind="warning" title="Not isolated: no container engine">
        <p>
          Agents run as plain processes of this machine and can change what you can. Start Docker,
          then this server, to give each chat its own container.
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
        Try again
      </button>
      <span>next try in {left} s</span>
    </div>
  );
}
