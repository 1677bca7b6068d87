import React from 'react';
import { copyIcon } from '@jupyterlab/ui-components';
import { Clipboard } from '@jupyterlab/apputils';

import type { Chat, Resources } from '../../api';
import type { IChatContext } from '../../chatpage/context';
import { moment, size, tokens } from '../../format';
import { CommandIDs } from '../../tokens';
import { trans } from '../../translation';
import { Fact } from '../Fact';
import { IconButton } from '../IconButton';
import { useModel } from '../hooks';
import { place, Sentence } from '../Sentence';

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
      <Group title={trans.__('Chat')}>
        <Fact label={trans.__('Name')} actions={button(trans.__('Rename…'), CommandIDs.renameChat)}>
          {chat.name}
        </Fact>
        <Fact label={trans.__('Project')}>{project?.name ?? trans.__('gone')}</Fact>
        <Fact label={trans.__('Started')}>{moment(chat.created_at)}</Fact>
      </Group>
      <Group title={trans.__('Agent')}>
        <Fact label={trans.__('Agent')}>{model.agentTitle(chat.agent)}</Fact>
        <Fact label={trans.__('Model')}>{chat.model || trans.__('the agent’s own choice')}</Fact>
        <Fact label={trans.__('Asks before')}>
          {chat.ask_before.length > 0 ? <Codes names={chat.ask_before} /> : trans.__('nothing')}
        </Fact>
        <Fact
          label={trans.__('Token budget')}
          actions={button(trans.__('Change…'), CommandIDs.limitChat)}
        >
          {chat.token_budget === null ? trans.__('no limit') : tokens(chat.token_budget)} ·{' '}
          {trans.__('%1 used', tokens(chat.tokens))}
        </Fact>
      </Group>
      <Group title={trans.__('Resources')}>
        {resources(chat.resources).map(([label, value]) => (
          <Fact key={label} label={label}>
            {value}
          </Fact>
        ))}
      </Group>
      <Group title={trans.__('Workspace')}>
        <Fact
          label={trans.__('Folder')}
          actions={
            chat.workspace && (
              <IconButton
                icon={copyIcon}
                label={trans.__('Copy the path')}
                onClick={() => Clipboard.copyToSystem(chat.workspace)}
              />
            )
          }
        >
          {chat.workspace ? <code>{chat.workspace}</code> : trans.__('not made yet')}
        </Fact>
        <Fact label={trans.__('Started from')}>
          <Source commit={chat.commit?.slice(0, 7) ?? ''} branch={project?.branch ?? ''} />
        </Fact>
        <Fact label={trans.__('Mounts')}>
          <Mounts chat={chat} />
        </Fact>
        <Fact label={trans.__('Environment')}>
          {chat.env.length > 0 ? (
            <Codes names={chat.env.map(({ name }) => name)} />
          ) : (
            trans.__('none')
          )}
        </Fact>
      </Group>
      <Group title={trans.__('Delete')}>
        <Fact label="">
          {button(trans.__('Delete chat…'), CommandIDs.deleteChat)}{' '}
          <span className="jp-AgentHub-quiet">{trans.__('Published artifacts are kept.')}</span>
        </Fact>
      </Group>
    </div>
  );
}

/** The commit that a chat began at, and its branch, as far as they are known. */
function Source({ commit, branch }: { commit: string; branch: string }): JSX.Element {
  if (commit && branch) {
    return (
      <Sentence words={trans.__('commit %1 of %2', place(1), place(2))}>
        <code>{commit}</code>
        <code>{branch}</code>
      </Sentence>
    );
  }
  const words = commit
    ? trans.__('commit %1', place(1))
    : branch
      ? trans.__('no commit of %1', place(1))
      : trans.__('no commit');
  return (
    <Sentence words={words}>
      <code>{commit || branch}</code>
    </Sentence>
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
    return <>{trans.__('none')}</>;
  }
  return (
    <>
      {mounts.map((mount, index) => (
        <div key={index}>
          <Sentence
            words={
              mount.read_only
                ? trans.__('%1 read only from %2', place(1), place(2))
                : trans.__('%1 read and write from %2', place(1), place(2))
            }
          >
            <code>{mount.target}</code>
            <code>{mount.source}</code>
          </Sentence>
        </div>
      ))}
    </>
  );
}

/** What a chat may use; null is as much as the hub gives to any. */
function resources({ cpus, memory, pids, gpus }: Resources): [string, string][] {
  const usual = trans.__('the hub’s limit');
  return [
    [trans.__('Cores'), cpus === null ? usual : String(cpus)],
    [trans.__('Memory'), memory === null ? usual : size(memory)],
    [trans.__('Processes'), pids === null ? usual : String(pids)],
    [trans.__('GPUs'), gpus ? String(gpus) : trans.__('none')]
  ];
}
