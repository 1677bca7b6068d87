import React from 'react';

import { count } from '../format';
import { hubIcon } from '../icons';
import type { HubModel } from '../model';
import type { Access, IRepository } from '../repositories';
import { StatusMark } from './StatusMark';

const ACCESS: Record<Access, string> = {
  write: 'Read and write',
  read: 'Read only',
  none: 'Not installed',
  token: 'As the token allows'
};

/** The repositories that projects are made of, and what their chats may do with them. */
export function RepositoryTable(props: {
  model: HubModel;
  repositories: readonly IRepository[];
}): JSX.Element | null {
  const { model, repositories } = props;
  if (repositories.length === 0) {
    return null;
  }
  const Icon = hubIcon;
  return (
    <>
      <table className="jp-AgentHub-table">
        <thead>
          <tr>
            <th scope="col">Repository</th>
            <th scope="col">Access</th>
            <th scope="col">Used by</th>
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
                  {isShort(access) && <StatusMark mark="warning" />} {ACCESS[access]}
                </td>
                <td>
                  {projects.map(project => project.name).join(', ')}
                  {chats > 0 && ` · ${count(chats, 'chat')}`}
                </td>
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

function isShort(access: Access): boolean {
  return access === 'read' || access === 'none';
}
