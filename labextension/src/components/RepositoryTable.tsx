import React from 'react';

import type { Project } from '../api';
import { ago, count } from '../format';
import type { GatewayWatch } from '../gateway';
import { hubIcon } from '../icons';
import type { HubModel } from '../model';
import type { Access, IRepository } from '../repositories';
import { StatusMark } from './StatusMark';
import { useNow, useSignal } from './hooks';

const ACCESS: Record<Access, string> = {
  write: 'Read and write',
  read: 'Read only',
  none: 'Not installed',
  token: 'As the token allows',
  refused: 'The token does not work'
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
      <table className="jp-AgentHub-table" aria-label="Repositories of projects">
        <thead>
          <tr>
            <th scope="col">Repository</th>
            <th scope="col">Access</th>
            <th scope="col">Used by</th>
            <th scope="col">Last use</th>
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
                  {ACCESS[access]}
                </td>
                <td>
                  {projects.map(project => project.name).join(', ')}
                  {chats > 0 && ` · ${count(chats, 'chat')}`}
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
            Chats on {projects.map(project => project.name).join(', ')} cannot{' '}
            {access === 'read' ? 'push' : 'push, nor fetch where it is private'}.{' '}
            <a href={url} target="_blank" rel="noreferrer">
              {access === 'read' ? 'Allow writing' : 'Install the App there'}
            </a>
          </p>
        ))}
    </>
  );
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
