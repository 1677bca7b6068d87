import React from 'react';
import { downloadIcon, folderIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Artifact } from '../api';
import { iconOfFile } from '../artifacticon';
import { size } from '../format';
import { artifactMenu, openMenu } from '../menus';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { Highlight } from './Highlight';
import { RowActions } from './RowActions';
import { TreeItem, type ITreePlace } from './Tree';

/** The height of a row in pixels. */
export const ARTIFACT_HEIGHT = 44;

interface IArtifactRowProps {
  artifact: Artifact;
  /** The name of the chat that published it. */
  chat: string;
  /** How long ago it was published, in words. */
  age: string;
  query: string;
  place: ITreePlace;
  position: number;
  count: number;
  commands: CommandRegistry;
}

/** A published file: its name and version, the chat it came from. */
export const ArtifactRow = React.memo((props: IArtifactRowProps): JSX.Element => {
  const { artifact, commands } = props;
  const Icon = iconOfFile(artifact);
  const args = { artifact: artifact.id };
  const run = (command: string) => () => void commands.execute(command, args);
  const onMenu = (x: number, y: number) => openMenu(artifactMenu(commands, artifact), x, y);
  return (
    <TreeItem
      id={artifact.id}
      className="jp-AgentHub-row jp-AgentHub-artifact"
      label={trans.__('%1, version %2, from %3', artifact.name, artifact.version, props.chat)}
      place={props.place}
      position={props.position}
      count={props.count}
      keys={{ '/': () => void commands.execute(CommandIDs.filter) }}
      onOpen={run(CommandIDs.openArtifact)}
      onMenu={onMenu}
    >
      <Icon.react tag="span" className="jp-AgentHub-rowIcon" />
      <div className="jp-AgentHub-rowBody">
        <div className="jp-AgentHub-line">
          <span className="jp-AgentHub-name" title={artifact.path}>
            <Highlight text={artifact.name} query={props.query} />
          </span>
          <span className="jp-AgentHub-time">
            {artifact.version > 1 && <span>{trans.__('v%1', artifact.version)} · </span>}
            {props.age}
          </span>
          <RowActions
            actions={[
              {
                icon: folderIcon,
                label: trans.__('Reveal in file browser'),
                onClick: run(CommandIDs.revealArtifact)
              },
              {
                icon: downloadIcon,
                label: trans.__('Download'),
                onClick: run(CommandIDs.downloadArtifact)
              }
            ]}
            onMenu={onMenu}
          />
        </div>
        <div className="jp-AgentHub-line jp-AgentHub-second">
          <span className="jp-AgentHub-facts">
            {size(artifact.size)} · {props.chat}
          </span>
        </div>
      </div>
    </TreeItem>
  );
});
ArtifactRow.displayName = 'ArtifactRow';
