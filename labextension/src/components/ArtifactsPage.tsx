import React from 'react';
import { downloadIcon } from '@jupyterlab/ui-components';

import { artifactIcon } from '../icons';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { ArtifactGallery, type IGalleryContext } from './ArtifactGallery';
import { BarButton } from './BarButton';
import { EngineBanner } from './EngineBanner';
import { useModel } from './hooks';

interface IArtifactsPageProps extends IGalleryContext {
  /** The id of the chat whose files are shown; null: those of all chats. */
  chat: string | null;
}

/** What a chat has published, or all chats, as a page. */
export function ArtifactsPage(props: IArtifactsPageProps): JSX.Element {
  const { model, commands } = props;
  useModel(model);
  const { outage } = model;
  const Icon = artifactIcon;
  const chat = props.chat === null ? undefined : model.chat(props.chat);
  const project = chat && model.project(chat.project);
  const number = chat ? model.artifactsOf(chat.id).length : 0;
  return (
    <div className="jp-AgentHub-page">
      <div className="jp-AgentHub-pageHeader">
        <Icon.react tag="span" className="jp-AgentHub-titleIcon" />
        <h2>{trans.__('Artifacts')}</h2>
        <span className="jp-AgentHub-quiet">
          {chat ? [chat.name, project?.name].filter(Boolean).join(' · ') : trans.__('of all chats')}
        </span>
        <span className="jp-AgentHub-spacer" />
        {chat && (
          <BarButton
            icon={downloadIcon}
            label={trans.__('Download all (%1)', number)}
            isEnabled={number > 0 && outage?.kind !== 'hub'}
            blocked={outage?.kind === 'hub' ? outage.reason : trans.__('There is nothing yet.')}
            onClick={() => void commands.execute(CommandIDs.downloadArtifacts, { chat: chat.id })}
          />
        )}
      </div>
      {outage?.kind === 'hub' && <EngineBanner model={model} commands={commands} />}
      <ArtifactGallery {...props} />
    </div>
  );
}
