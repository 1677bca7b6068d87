import React, { useState } from 'react';
import { launchIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { gitHubName, hostOf, withAnotherGitHub } from '../affected';
import type { Committer, GitHubApp, GitHubConnection } from '../api';
import { confirmed } from '../confirmed';
import { githubState } from '../connectionstate';
import { ago, count } from '../format';
import type { GatewayWatch } from '../gateway';
import type { HubModel } from '../model';
import { repositories } from '../repositories';
import { CommandIDs } from '../tokens';
import { AccountActions } from './AccountActions';
import { Chip } from './Chip';
import { Choice } from './Choice';
import { Fact, Problem } from './Fact';
import { AppForm, TokenForm } from './GitHubForms';
import { RepositoryTable } from './RepositoryTable';
import { useNow } from './hooks';
import { useKeptFocus } from './keptfocus';
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
  const checked = github.checked_at ? `checked ${ago(github.checked_at, now)}` : 'not checked';
  const what = github.app ? 'the App’s key' : 'the token';
  const first =
    way === 'app'
      ? 'Once the new App is made,'
      : 'The new token is tried first: if it is refused, nothing changes. Else';
  const isSure = (url: string) =>
    confirmed({
      title: 'Replace the connection to GitHub?',
      body: `${withAnotherGitHub(github, url, way, model.projects, model.chats)} ${first} ${what} there is now is deleted from this server; it stays valid at ${gitHubName(github)}.`,
      accept: 'Replace'
    });
  const Form = way === 'app' ? AppForm : TokenForm;
  return (
    <section className="jp-AgentHub-connection" aria-labelledby="agent-hub-github">
      <div className="jp-AgentHub-line">
        <h3 id="agent-hub-github">GitHub</h3>
        <Chip {...githubState(github)} />
        <span className="jp-AgentHub-spacer" />
        {github.connected && (
          <a href={accessUrl(github)} target="_blank" rel="noreferrer">
            Change access on GitHub
            <launchIcon.react tag="span" />
          </a>
        )}
      </div>
      {github.problem && <Problem problem={github.problem} />}
      <div {...kept}>
        {github.connected && (
          <Fact
            label={github.app ? 'App' : 'Token'}
            actions={
              <AccountActions
                isUp={isUp}
                isReplacing={isChanging}
                onReplace={() => setChanging(true)}
                end="Disconnect…"
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
                  of {github.login} at {hostOf(github.url)} · {checked}
                </span>
              </>
            )}
          </Fact>
        )}
        {committer && (
          <Fact label="Commits by">
            {committer.name || 'Agent Hub'}{' '}
            <span className="jp-AgentHub-quiet">
              {[committer.email, sourceOf(committer)].filter(Boolean).join(' · ')}
            </span>
          </Fact>
        )}
        {(!github.connected || isChanging) && (
          <>
            <Fact label="Connect by">
              <Choice
                label="Connect by"
                value={way}
                options={[
                  { value: 'app', label: 'GitHub App' },
                  { value: 'token', label: 'Personal token' }
                ]}
                onChange={setWay}
              />
            </Fact>
            <p className="jp-AgentHub-note">
              {way === 'app'
                ? 'An App of your own: for each repository a token of its own, which ends within an hour. GitHub makes it in a new tab, and asks where to install it.'
                : 'The simple way. Chats fetch and push through the gateway, and never see the token.'}
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
      <strong>{app.name}</strong>{' '}
      {living.length > 0 ? (
        <>
          installed on <strong>{living.map(({ account }) => account).join(', ')}</strong>{' '}
          <span className="jp-AgentHub-quiet">
            · {count(total, 'repository', 'repositories')} · {checked}
          </span>
          {refusing.map(({ id, account, problem }) => (
            <React.Fragment key={id}>
              <br />
              <StatusMark mark="warning" /> {account}: {problem}
            </React.Fragment>
          ))}
        </>
      ) : (
        <>
          is not installed yet.{' '}
          <a href={app.install_url} target="_blank" rel="noreferrer">
            Install it on your repositories
          </a>
        </>
      )}
    </>
  );
}

function sourceOf({ name, source }: Committer): string {
  switch (source) {
    case 'git':
      return 'as Git on the hub’s machine says';
    case 'github':
      return 'as GitHub says';
    case '':
      return `as nobody’s ${name ? 'address' : 'name'} is known: connect GitHub, or set it by git config on the hub’s machine`;
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
