import React from 'react';

import type { Project } from '../api';
import { ago } from '../format';
import type { GatewayWatch } from '../gateway';
import { hubIcon } from '../icons';
import type { HubModel } from '../model';
import type { Access, IRepository } from '../repositories';
import { trans } from '../translation';
import { StatusMark } from './StatusMark';
import { useNow, useSignal } from './hooks';

const ACCESS: Record<Access, () => string> = {
  write: () => trans.__('Read and write'),
  read: () => trans.__('Read only'),
  none: () => trans.__('Not installed'),
  token: () => trans.__('As the token allows'),
  refused: () => trans.__('The token does not work')
};

/** The repositories that projects are made of, and what their chats may do with them. */
export function RepositoryTable(props: {
  model: HubModel;
  gateway: GatewayWatch;
  repositories: readonly IRepository[];
}): JSX.Element | null {
  const { model, gateway, repositories } = props;
  useSignal(gateway.changed);
  const now = useNow(15_000);
  if (repositories.length === 0) {
    return null;
  }
  const Icon = hubIcon;
  return (
    <>
      <table className="jp-AgentHub-table" aria-label={trans.__('Repositories of projects')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Repository')}</th>
            <th scope="col">{trans.__('Access')}</th>
            <th scope="col">{trans.__('Used by')}</th>
            <th scope="col">{trans.__('Last use')}</th>
          </tr>
        </thead>
        <tbody>
          {repositories.map(({ name, access, projects }) => {
            const ids = new Set(projects.map(project => project.id));
            const chats = model.chats.filter(chat => ids.has(chat.project)).length;
            return (
              <tr key={name}>
                <th scope="row">
                  <Icon.react tag="span" /> {name}
                </th>
                <td>
                  {(isShort(access) || access === 'refused') && <StatusMark mark="warning" />}{' '}
                  {ACCESS[access]()}
                </td>
                <td>
                  {namesOf(projects)}
                  {chats > 0 && ` · ${trans._n('%1 chat', '%1 chats', chats)}`}
                </td>
                <td className="jp-AgentHub-quiet">{lastUse(gateway, projects, now)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {repositories
        .filter(({ access }) => isShort(access))
        .map(({ name, access, projects, url }) => (
          <p key={name} className="jp-AgentHub-short">
            <StatusMark mark="warning" />
            {access === 'read'
              ? trans.__('Chats on %1 cannot push.', namesOf(projects))
              : trans.__(
                  'Chats on %1 cannot push, nor fetch where it is private.',
                  namesOf(projects)
                )}{' '}
            <a href={url} target="_blank" rel="noreferrer">
              {access === 'read' ? trans.__('Allow writing') : trans.__('Install the App there')}
            </a>
          </p>
        ))}
    </>
  );
}

function namesOf(projects: readonly Project[]): string {
  return projects.map(project => project.name).join(', ');
}

/** When a chat last fetched from it, or pushed to it. */
function lastUse(gateway: GatewayWatch, projects: readonly Project[], now: number): string {
  const uses = projects.flatMap(project => gateway.lastUses[project.id] ?? []);
  const newest = uses.sort((one, other) => Date.parse(one) - Date.parse(other)).at(-1);
  return newest === undefined ? '–' : ago(newest, now);
}

function isShort(access: Access): boolean {
  return access === 'read' || access === 'none';
}
