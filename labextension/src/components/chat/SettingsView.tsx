import React from 'react';
import { copyIcon } from '@jupyterlab/ui-components';
import { Clipboard } from '@jupyterlab/apputils';

import type { Chat, Resources } from '../../api';
import type { IChatContext } from '../../chatpage/context';
import { moment, size, tokens } from '../../format';
import { CommandIDs } from '../../tokens';
import { Fact } from '../Fact';
import { IconButton } from '../IconButton';
import { useModel } from '../hooks';

/** What a chat has, and what of it can be changed. */
export function SettingsView(props: { context: IChatContext }): JSX.Element {
  const { model, commands, chat: id } = props.context;
  useModel(model);
  const chat = model.chat(id);
  if (!chat) {
    return <></>;
  }
  const button = (label: string, command: string) => (
    <button
      type="button"
      className="jp-AgentHub-plain"
      disabled={!commands.isEnabled(command, { chat: id })}
      onClick={() => void commands.execute(command, { chat: id })}
    >
      {label}
    </button>
  );
  const project = model.project(chat.project);
  return (
    <div className="jp-AgentHub-chatSettings">
      <Group title="Chat">
        <Fact label="Name" actions={button('Rename…', CommandIDs.renameChat)}>
          {chat.name}
        </Fact>
        <Fact label="Project">{project?.name ?? 'gone'}</Fact>
        <Fact label="Started">{moment(chat.created_at)}</Fact>
      </Group>
      <Group title="Agent">
        <Fact label="Agent">{model.agentTitle(chat.agent)}</Fact>
        <Fact label="Model">{chat.model || 'the agent’s own choice'}</Fact>
        <Fact label="Asks before">
          {chat.ask_before.length > 0 ? <Codes names={chat.ask_before} /> : 'nothing'}
        </Fact>
        <Fact label="Token budget" actions={button('Change…', CommandIDs.limitChat)}>
          {chat.token_budget === null ? 'no limit' : tokens(chat.token_budget)} ·{' '}
          {tokens(chat.tokens)} used
        </Fact>
      </Group>
      <Group title="Resources">
        {resources(chat.resources).map(([label, value]) => (
          <Fact key={label} label={label}>
            {value}
          </Fact>
        ))}
      </Group>
      <Group title="Workspace">
        <Fact
          label="Folder"
          actions={
            chat.workspace && (
              <IconButton
                icon={copyIcon}
                label="Copy the path"
                onClick={() => Clipboard.copyToSystem(chat.workspace)}
              />
            )
          }
        >
          {chat.workspace ? <code>{chat.workspace}</code> : 'not made yet'}
        </Fact>
        <Fact label="Started from">
          {chat.commit ? (
            <>
              commit <code>{chat.commit.slice(0, 7)}</code>
            </>
          ) : (
            'no commit'
          )}
          {project?.branch && (
            <>
              {' '}
              of <code>{project.branch}</code>
            </>
          )}
        </Fact>
        <Fact label="Mounts">
          <Mounts chat={chat} />
        </Fact>
        <Fact label="Environment">
          {chat.env.length > 0 ? <Codes names={chat.env.map(({ name }) => name)} /> : 'none'}
        </Fact>
      </Group>
      <Group title="Delete">
        <Fact label="">
          {button('Delete chat…', CommandIDs.deleteChat)}{' '}
          <span className="jp-AgentHub-quiet">Published artifacts are kept.</span>
        </Fact>
      </Group>
    </div>
  );
}

function Group(props: { title: string; children: React.ReactNode }): JSX.Element {
  return (
    <section>
      <h3>{props.title}</h3>
      {props.children}
    </section>
  );
}

function Codes(props: { names: readonly string[] }): JSX.Element {
  return (
    <>
      {props.names.map((name, index) => (
        <React.Fragment key={index}>
          {index > 0 && ', '}
          <code>{name}</code>
        </React.Fragment>
      ))}
    </>
  );
}

function Mounts(props: { chat: Chat }): JSX.Element {
  const { mounts } = props.chat;
  if (mounts.length === 0) {
    return <>none</>;
  }
  return (
    <>
      {mounts.map((mount, index) => (
        <div key={index}>
          <code>{mount.target}</code> {mount.read_only ? 'read only' : 'read and write'} from{' '}
          <code>{mount.source}</code>
        </div>
      ))}
    </>
  );
}

/** What a chat may use; null is as much as the hub gives to any. */
function resources({ cpus, memory, pids, gpus }: Resources): [string, string][] {
  const usual = 'the hub’s limit';
  return [
    ['Cores', cpus === null ? usual : String(cpus)],
    ['Memory', memory === null ? usual : size(memory)],
    ['Processes', pids === null ? usual : String(pids)],
    ['GPUs', gpus ? String(gpus) : 'none']
  ];
}
