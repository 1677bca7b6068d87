import React from 'react';
import { downloadIcon, ellipsesIcon, folderIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { Artifact } from '../api';
import { age, size } from '../format';
import { artifactIcon } from '../icons';
import { artifactMenu, openMenu } from '../menus';
import { CommandIDs } from '../tokens';
import { Highlight } from './Highlight';
import { IconButton } from './IconButton';
import { TreeItem } from './Tree';

interface IArtifactRowProps {
  artifact: Artifact;
  /** The name of the chat that published it. */
  chat: string;
  query: string;
  now: number;
  commands: CommandRegistry;
}

/** A published file: its name and version, the chat it came from. */
export function ArtifactRow(props: IArtifactRowProps): JSX.Element {
  const { artifact, commands } = props;
  const args = { artifact: artifact.id };
  const run = (command: string) => () => void commands.execute(command, args);
  const onMenu = (x: number, y: number) => openMenu(artifactMenu(commands, artifact), x, y);
  return (
    <TreeItem
      id={artifact.id}
      className="jp-AgentHub-row jp-AgentHub-artifact"
      label={`${artifact.name}, version ${artifact.version}, from ${props.chat}`}
      keys={{ '/': () => void commands.execute(CommandIDs.filter) }}
      onOpen={run(CommandIDs.openArtifact)}
      onMenu={onMenu}
    >
      <artifactIcon.react tag="span" className="jp-AgentHub-rowIcon" />
      <div className="jp-AgentHub-rowBody">
        <div className="jp-AgentHub-line">
          <span className="jp-AgentHub-name" title={artifact.path}>
            <Highlight text={artifact.name} query={props.query} />
          </span>
          <span className="jp-AgentHub-time">
            {artifact.version > 1 && <span>v{artifact.version} · </span>}
            {age(artifact.created_at, props.now)}
          </span>
          <span className="jp-AgentHub-actions">
            <IconButton
              icon={folderIcon}
              label="Reveal in file browser"
              tabbable={false}
              onClick={run(CommandIDs.revealArtifact)}
            />
            <IconButton
              icon={downloadIcon}
              label="Download"
              tabbable={false}
              onClick={run(CommandIDs.downloadArtifact)}
            />
            <IconButton
              icon={ellipsesIcon}
              label="More"
              tabbable={false}
              onClick={event => onMenu(event.clientX, event.clientY)}
            />
          </span>
        </div>
        <div className="jp-AgentHub-line jp-AgentHub-second">
          <span className="jp-AgentHub-facts">
            {size(artifact.size)} · {props.chat}
          </span>
        </div>
      </div>
    </TreeItem>
  );
}
