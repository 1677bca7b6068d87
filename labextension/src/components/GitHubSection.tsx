import React, { useState } from 'react';
import { launchIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { gitHubName, hostOf, withAnotherGitHub } from '../affected';
import type { Committer, GitHubApp, GitHubConnection } from '../api';
import { confirmed } from '../confirmed';
import { githubState } from '../connectionstate';
import { ago } from '../format';
import type { GatewayWatch } from '../gateway';
import type { HubModel } from '../model';
import { repositories } from '../repositories';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { AccountActions } from './AccountActions';
import { Chip } from './Chip';
import { Choice } from './Choice';
import { Fact, Problem } from './Fact';
import { AppForm, TokenForm } from './GitHubForms';
import { RepositoryTable } from './RepositoryTable';
import { useNow } from './hooks';
import { useKeptFocus } from './keptfocus';
import { place, Sentence } from './Sentence';
import { StatusMark } from './StatusMark';

interface IGitHubSectionProps {
  model: HubModel;
  github: GitHubConnection;
  gateway: GatewayWatch;
  commands: CommandRegistry;
}

/** What private repositories are cloned with, and what chats fetch and push with. */
export function GitHubSection(props: IGitHubSectionProps): JSX.Element {
  const { model, github, gateway, commands } = props;
  const now = useNow(15_000);
  const [isChanging, setChanging] = useState(false);
  const [way, setWay] = useState<'app' | 'token'>('app');
  const kept = useKeptFocus('form input', 'button:not(:disabled)');
  const isUp = model.outage?.kind !== 'hub';
  const committer = model.status?.committer;
  const checked = github.checked_at
    ? trans.__('checked %1', ago(github.checked_at, now))
    : trans.__('not checked');
  const isSure = (url: string) =>
    confirmed({
      title: trans.__('Replace the connection to GitHub?'),
      body: [
        withAnotherGitHub(github, url, way, model.projects, model.chats),
        whatIsDeleted(way, github)
      ].join(' '),
      accept: trans.__('Replace')
    });
  const Form = way === 'app' ? AppForm : TokenForm;
  return (
    <section className="jp-AgentHub-connection" aria-labelledby="agent-hub-github">
      <div className="jp-AgentHub-line">
        <h3 id="agent-hub-github">{trans.__('GitHub')}</h3>
        <Chip {...githubState(github)} />
        <span className="jp-AgentHub-spacer" />
        {github.connected && (
          <a href={accessUrl(github)} target="_blank" rel="noreferrer">
            {trans.__('Change access on GitHub')}
            <launchIcon.react tag="span" />
          </a>
        )}
      </div>
      {github.problem && <Problem problem={github.problem} />}
      <div {...kept}>
        {github.connected && (
          <Fact
            label={github.app ? trans.__('App') : trans.__('Token')}
            actions={
              <AccountActions
                isUp={isUp}
                isReplacing={isChanging}
                onReplace={() => setChanging(true)}
                end={trans.__('Disconnect…')}
                onEnd={() => void commands.execute(CommandIDs.disconnectGitHub)}
              />
            }
          >
            {github.app ? (
              <Installed app={github.app} checked={checked} />
            ) : (
              <>
                <code>{github.token}</code>{' '}
                <span className="jp-AgentHub-quiet">
                  {trans.__('of %1 at %2', github.login, hostOf(github.url))} · {checked}
                </span>
              </>
            )}
          </Fact>
        )}
        {committer && (
          <Fact label={trans.__('Commits by')}>
            {committer.name || trans.__('Agent Hub')}{' '}
            <span className="jp-AgentHub-quiet">
              {[committer.email, sourceOf(committer)].filter(Boolean).join(' · ')}
            </span>
          </Fact>
        )}
        {(!github.connected || isChanging) && (
          <>
            <Fact label={trans.__('Connect by')}>
              <Choice
                label={trans.__('Connect by')}
                value={way}
                options={[
                  { value: 'app', label: trans.__('GitHub App') },
                  { value: 'token', label: trans.__('Personal token') }
                ]}
                onChange={setWay}
              />
            </Fact>
            <p className="jp-AgentHub-note">
              {way === 'app'
                ? trans.__(
                    'An App of your own: for each repository a token of its own, which ends within an hour. GitHub makes it in a new tab, and asks where to install it.'
                  )
                : trans.__(
                    'The simple way. Chats fetch and push through the gateway, and never see the token.'
                  )}
            </p>
            <Form
              key={way}
              model={model}
              url={isPublic(github.url) ? '' : github.url}
              onDone={() => setChanging(false)}
              onCancel={isChanging ? () => setChanging(false) : undefined}
              confirm={github.connected ? isSure : undefined}
            />
          </>
        )}
      </div>
      <RepositoryTable
        model={model}
        gateway={gateway}
        repositories={repositories(github, model.projects)}
      />
    </section>
  );
}

function Installed(props: { app: GitHubApp; checked: string }): JSX.Element {
  const { app, checked } = props;
  const living = app.installations.filter(installation => !installation.suspended);
  const refusing = living.filter(installation => installation.problem);
  const total = living.reduce((sum, installation) => sum + installation.count, 0);
  return (
    <>
      {living.length > 0 ? (
        <>
          <Sentence words={trans.__('%1 installed on %2', place(1), place(2))}>
            <strong>{app.name}</strong>
            <strong>{living.map(({ account }) => account).join(', ')}</strong>
          </Sentence>{' '}
          <span className="jp-AgentHub-quiet">
            · {trans._n('%1 repository', '%1 repositories', total)} · {checked}
          </span>
          {refusing.map(({ id, account, problem }) => (
            <React.Fragment key={id}>
              <br />
              <StatusMark mark="warning" /> {trans.__('%1: %2', account, problem)}
            </React.Fragment>
          ))}
        </>
      ) : (
        <>
          <Sentence words={trans.__('%1 is not installed yet.', place(1))}>
            <strong>{app.name}</strong>
          </Sentence>{' '}
          <a href={app.install_url} target="_blank" rel="noreferrer">
            {trans.__('Install it on your repositories')}
          </a>
        </>
      )}
    </>
  );
}

/** What becomes of the account that another one takes the place of. */
function whatIsDeleted(way: 'app' | 'token', github: GitHubConnection): string {
  const where = gitHubName(github);
  if (way === 'app') {
    return github.app
      ? trans.__(
          'Once the new App is made, the App’s key there is now is deleted from this server; it stays valid at %1.',
          where
        )
      : trans.__(
          'Once the new App is made, the token there is now is deleted from this server; it stays valid at %1.',
          where
        );
  }
  return github.app
    ? trans.__(
        'The new token is tried first: if it is refused, nothing changes. Else the App’s key there is now is deleted from this server; it stays valid at %1.',
        where
      )
    : trans.__(
        'The new token is tried first: if it is refused, nothing changes. Else the token there is now is deleted from this server; it stays valid at %1.',
        where
      );
}

function sourceOf({ name, source }: Committer): string {
  switch (source) {
    case 'git':
      return trans.__('as Git on the hub’s machine says');
    case 'github':
      return trans.__('as GitHub says');
    case '':
      return name
        ? trans.__(
            'as nobody’s address is known: connect GitHub, or set it by git config on the hub’s machine'
          )
        : trans.__(
            'as nobody’s name is known: connect GitHub, or set it by git config on the hub’s machine'
          );
  }
}

function accessUrl({ app, url }: GitHubConnection): string {
  if (!app) {
    return `${url}/settings/personal-access-tokens`;
  }
  const [first, ...others] = app.installations;
  return others.length === 0 && first?.url ? first.url : app.install_url;
}

function isPublic(url: string): boolean {
  return url === '' || url === 'https://github.com';
}
