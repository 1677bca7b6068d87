import React from 'react';
import { refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { GatewayWatch } from '../gateway';
import { connectionsIcon } from '../icons';
import type { HubModel } from '../model';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { BarButton } from './BarButton';
import { EngineBanner } from './EngineBanner';
import { GatewaySection } from './GatewaySection';
import { GitHubSection } from './GitHubSection';
import { OpenAISection } from './OpenAISection';
import { useModel } from './hooks';

interface IConnectionsPageProps {
  model: HubModel;
  gateway: GatewayWatch;
  commands: CommandRegistry;
}

/** Whose accounts chats use. */
export function ConnectionsPage(props: IConnectionsPageProps): JSX.Element {
  const { model, gateway, commands } = props;
  useModel(model, ['status', 'chat', 'project']);
  const { outage, status } = model;
  const isConnected = Boolean(status?.openai.connected || status?.github.connected);
  const Icon = connectionsIcon;
  return (
    <div className="jp-AgentHub-page">
      <div className="jp-AgentHub-pageHeader">
        <Icon.react tag="span" className="jp-AgentHub-titleIcon" />
        <h2>{trans.__('Connections')}</h2>
        <span className="jp-AgentHub-spacer" />
        <BarButton
          icon={refreshIcon}
          label={trans.__('Check all')}
          isEnabled={outage?.kind !== 'hub' && isConnected}
          blocked={outage?.kind === 'hub' ? outage.reason : trans.__('Nothing is connected.')}
          onClick={() => void commands.execute(CommandIDs.checkConnections)}
        />
      </div>
      <div className="jp-AgentHub-pageBody">
        <div className="jp-AgentHub-column">
          {outage?.kind === 'hub' && <EngineBanner model={model} commands={commands} />}
          {status && (
            <>
              <OpenAISection model={model} openai={status.openai} commands={commands} />
              <GitHubSection
                model={model}
                github={status.github}
                gateway={gateway}
                commands={commands}
              />
              <GatewaySection model={model} watch={gateway} />
            </>
          )}
        </div>
      </div>
    </div>
  );
}
