import React from 'react';
import { addIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../tokens';
import { trans } from '../translation';

/** What a project is, and the way to the first one. */
export function EmptyProjects(props: { commands: CommandRegistry }): JSX.Element {
  return (
    <div className="jp-AgentHub-empty">
      <p>
        {trans.__(
          'A project is a Git repository, built once into an image that every chat starts from.'
        )}
      </p>
      <button
        type="button"
        className="jp-AgentHub-primary"
        onClick={() => void props.commands.execute(CommandIDs.addProject)}
      >
        <addIcon.react tag="span" />
        {trans.__('Add project')}
      </button>
    </div>
  );
}

/** What an artifact is, and the way to the first one. */
export function EmptyArtifacts(props: {
  /** The chat that has published none; null: none has. */
  chat: string | null;
  commands: CommandRegistry;
}): JSX.Element {
  const { chat, commands } = props;
  return (
    <div className="jp-AgentHub-empty">
      <p>{trans.__('Files the agent publishes appear here.')}</p>
      <button
        type="button"
        className="jp-AgentHub-plain"
        onClick={() =>
          void (chat === null
            ? commands.execute(CommandIDs.newChatWithOptions)
            : commands.execute(CommandIDs.openChat, { chat }))
        }
      >
        {trans.__('Ask for one')}
      </button>
    </div>
  );
}

/** What a chat is. */
export function EmptyChats(props: { hasProjects: boolean; isIsolated: boolean }): JSX.Element {
  return (
    <div className="jp-AgentHub-empty">
      <p>
        {props.isIsolated
          ? trans.__('A chat is one agent working in its own container.')
          : trans.__('A chat is one agent working in its own workspace.')}{' '}
        {props.hasProjects
          ? trans.__('Start one with New chat.')
          : trans.__('Add a project first.')}
      </p>
    </div>
  );
}
