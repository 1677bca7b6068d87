import React, { useRef } from 'react';
import { newFolderIcon, searchIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { CurrentTab } from '../currenttab';
import { age } from '../format';
import { trouble } from '../connectionstate';
import { connectionsIcon } from '../icons';
import type { HubModel } from '../model';
import type { ChatNews } from '../chatnews';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { ARTIFACT_HEIGHT, ArtifactRow } from './ArtifactRow';
import { ChatGroups } from './ChatGroups';
import { NeedsYou } from './NeedsYou';
import { DELETED_HEIGHT, DeletedRow } from './DeletedRow';
import { EmptyChats, EmptyProjects } from './Empty';
import { EngineBanner } from './EngineBanner';
import { FilterField } from './FilterField';
import { IconButton } from './IconButton';
import { NewChatButton } from './NewChatButton';
import { PanelFooter } from './PanelFooter';
import { projectHeight, ProjectRow } from './ProjectRow';
import { Section } from './Section';
import { Tree } from './Tree';
import { useModel, useNow, useSignal } from './hooks';

interface IPanelProps {
  model: HubModel;
  news: ChatNews;
  commands: CommandRegistry;
  tab: CurrentTab;
  /** What the rows are filtered by; `null` while the field is closed. */
  query: string | null;
  onQuery: (query: string | null) => void;
}

/** The side panel. */
export function Panel(props: IPanelProps): JSX.Element {
  const { model, news, commands, tab, onQuery } = props;
  useModel(model);
  useSignal(news.changed);
  useSignal(model.deleted.changed);
  useSignal(tab.changed);
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
  const allDeleted = model.deleted.values;
  const deleted = allDeleted.filter(chat => matches(chat.name));
  const found = projects.length + chats.length + artifacts.length + deleted.length;
  const number = (part: readonly unknown[], whole: readonly unknown[]) =>
    wanted === '' ? String(whole.length) : trans.__('%1 of %2', part.length, whole.length);
  const glass = useRef<HTMLButtonElement>(null);
  const show = (part: readonly unknown[]) => wanted === '' || part.length > 0;
  const { outage } = model;
  const hasProjects = allProjects.length > 0;
  const troubled = model.status && trouble(model.status);

  return (
    <div className="jp-AgentHub-panel">
      <div className="jp-AgentHub-toolbar" role="toolbar" aria-label={trans.__('Agent Hub')}>
        <NewChatButton model={model} commands={commands} disabled={!model.status || !hasProjects} />
        <span className="jp-AgentHub-spacer" />
        <IconButton
          icon={newFolderIcon}
          label={trans.__('Add project')}
          blocked={outage?.kind === 'hub' ? outage.reason : undefined}
          onClick={() => void commands.execute(CommandIDs.addProject)}
        />
        <IconButton
          icon={searchIcon}
          label={trans.__('Filter (/)')}
          pressed={props.query !== null}
          node={glass}
          onClick={() => onQuery(props.query === null ? '' : null)}
        />
        <IconButton
          icon={connectionsIcon}
          label={troubled ? trans.__('Connections: %1', troubled) : trans.__('Connections')}
          isMarked={troubled !== null}
          onClick={() => void commands.execute(CommandIDs.openConnections)}
        />
      </div>
      {props.query !== null && (
        <FilterField
          query={props.query}
          found={found}
          onChange={onQuery}
          onClose={() => {
            onQuery(null);
            glass.current?.focus();
          }}
        />
      )}
      <div className="jp-AgentHub-sections" tabIndex={-1}>
        <div>
          <EngineBanner model={model} commands={commands} />
          {wanted !== '' && found === 0 && (
            <p className="jp-AgentHub-empty">{trans.__('Nothing has “%1” in its name.', query)}</p>
          )}
          {model.status && show(projects) && (
            <Section title={trans.__('Projects')} count={number(projects, allProjects)}>
              {hasProjects ? (
                <Tree
                  label={trans.__('Projects')}
                  rows={projects.map((project, index) => ({
                    key: project.id,
                    height: projectHeight(project),
                    draw: place => (
                      <ProjectRow
                        project={project}
                        query={query}
                        outage={outage}
                        isShown={project.id === tab.id}
                        place={place}
                        position={index + 1}
                        count={projects.length}
                        model={model}
                        commands={commands}
                      />
                    )
                  }))}
                />
              ) : (
                <EmptyProjects commands={commands} />
              )}
            </Section>
          )}
          {model.status && show(chats) && (
            <Section
              title={trans.__('Chats')}
              count={number(chats, allChats)}
              action={<NeedsYou model={model} commands={commands} />}
            >
              {allChats.length === 0 ? (
                <EmptyChats hasProjects={hasProjects} isIsolated={model.status.engine.isolated} />
              ) : (
                <ChatGroups
                  chats={chats}
                  query={query}
                  now={now}
                  shown={tab.id}
                  model={model}
                  news={news}
                  commands={commands}
                />
              )}
            </Section>
          )}
          {deleted.length > 0 && show(deleted) && (
            <Section
              title={trans.__('Recently deleted')}
              count={number(deleted, allDeleted)}
              isFolded
            >
              <Tree
                label={trans.__('Recently deleted')}
                rows={deleted.map((chat, index) => ({
                  key: `deleted:${chat.id}`,
                  height: DELETED_HEIGHT,
                  draw: place => (
                    <DeletedRow
                      chat={chat}
                      age={age(chat.deleted_at, now)}
                      outage={outage}
                      place={place}
                      position={index + 1}
                      count={deleted.length}
                      commands={commands}
                    />
                  )
                }))}
              />
            </Section>
          )}
          {allArtifacts.length > 0 && show(artifacts) && (
            <Section title={trans.__('Artifacts')} count={number(artifacts, allArtifacts)}>
              <Tree
                label={trans.__('Artifacts')}
                rows={artifacts.map((artifact, index) => ({
                  key: artifact.id,
                  height: ARTIFACT_HEIGHT,
                  draw: place => (
                    <ArtifactRow
                      artifact={artifact}
                      chat={model.chat(artifact.chat)?.name ?? trans.__('a deleted chat')}
                      age={age(artifact.created_at, now)}
                      query={query}
                      place={place}
                      position={index + 1}
                      count={artifacts.length}
                      commands={commands}
                    />
                  )
                }))}
              />
            </Section>
          )}
        </div>
      </div>
      <PanelFooter model={model} commands={commands} />
    </div>
  );
}
