import React from 'react';
import { newFolderIcon, searchIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { ArtifactRow } from './ArtifactRow';
import { ChatGroups } from './ChatGroups';
import { EmptyChats, EmptyProjects } from './Empty';
import { EngineBanner } from './EngineBanner';
import { FilterField } from './FilterField';
import { IconButton } from './IconButton';
import { NewChatButton } from './NewChatButton';
import { PanelFooter } from './PanelFooter';
import { ProjectRow } from './ProjectRow';
import { Section } from './Section';
import { Tree } from './Tree';
import { useNow, useSignal } from './hooks';

interface IPanelProps {
  model: HubModel;
  commands: CommandRegistry;
  /** What the rows are filtered by; `null` while the field is closed. */
  query: string | null;
  onQuery: (query: string | null) => void;
}

/** The side panel. */
export function Panel(props: IPanelProps): JSX.Element {
  const { model, commands, onQuery } = props;
  useSignal(model.changed);
  const now = useNow(15_000);
  const query = (props.query ?? '').trim();
  const wanted = query.toLowerCase();
  const matches = (...texts: string[]) =>
    wanted === '' || texts.some(text => text.toLowerCase().includes(wanted));

  const allProjects = model.projects;
  const allChats = model.chats;
  const allArtifacts = model.artifacts;
  const projects = allProjects.filter(project => matches(project.name, project.url));
  const chats = allChats.filter(chat => matches(chat.name));
  const artifacts = allArtifacts.filter(artifact => matches(artifact.name));
  const found = projects.length + chats.length + artifacts.length;
  const number = (part: readonly unknown[], whole: readonly unknown[]) =>
    wanted === '' ? String(whole.length) : `${part.length} of ${whole.length}`;
  const show = (part: unknown[]) => wanted === '' || part.length > 0;
  const usable = model.status?.engine.reachable === true && allProjects.length > 0;

  return (
    <div className="jp-AgentHub-panel">
      <div className="jp-AgentHub-toolbar" role="toolbar" aria-label="Agent Hub">
        <NewChatButton model={model} commands={commands} disabled={!usable} />
        <span className="jp-AgentHub-spacer" />
        <IconButton
          icon={newFolderIcon}
          label="Add project"
          onClick={() => void commands.execute(CommandIDs.addProject)}
        />
        <IconButton
          icon={searchIcon}
          label="Filter (/)"
          pressed={props.query !== null}
          onClick={() => onQuery(props.query === null ? '' : null)}
        />
      </div>
      {props.query !== null && (
        <FilterField
          query={props.query}
          found={found}
          onChange={onQuery}
          onClose={() => onQuery(null)}
        />
      )}
      <div className="jp-AgentHub-sections">
        <EngineBanner model={model} commands={commands} />
        {wanted !== '' && found === 0 && (
          <p className="jp-AgentHub-empty">Nothing has “{query}” in its name.</p>
        )}
        {model.status && show(projects) && (
          <Section title="Projects" count={number(projects, allProjects)}>
            {allProjects.length === 0 ? (
              <EmptyProjects commands={commands} />
            ) : (
              <Tree label="Projects">
                {projects.map(project => (
                  <ProjectRow
                    key={project.id}
                    project={project}
                    query={query}
                    commands={commands}
                  />
                ))}
              </Tree>
            )}
          </Section>
        )}
        {model.status && show(chats) && (
          <Section title="Chats" count={number(chats, allChats)}>
            {allChats.length === 0 ? (
              <EmptyChats
                hasProjects={allProjects.length > 0}
                isIsolated={model.status.engine.isolated}
              />
            ) : (
              <ChatGroups chats={chats} query={query} now={now} model={model} commands={commands} />
            )}
          </Section>
        )}
        {allArtifacts.length > 0 && show(artifacts) && (
          <Section title="Artifacts" count={number(artifacts, allArtifacts)}>
            <Tree label="Artifacts">
              {artifacts.map(artifact => (
                <ArtifactRow
                  key={artifact.id}
                  artifact={artifact}
                  chat={model.chat(artifact.chat)?.name ?? 'a deleted chat'}
                  query={query}
                  now={now}
                  commands={commands}
                />
              ))}
            </Tree>
          </Section>
        )}
      </div>
      <PanelFooter model={model} />
    </div>
  );
}
