import React from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import type { Artifact, HubApi } from '../api';
import { iconOfFile } from '../artifacticon';
import { typeOf, wordOf } from '../artifactkinds';
import { size } from '../format';
import { keyOf } from '../gallery';
import { trans } from '../translation';
import { ArtifactThumbnail } from './ArtifactThumbnail';
import { Highlight } from './Highlight';

/** What can be done with a file by the mouse. */
export interface ITileActions {
  onSelect: (file: Artifact) => void;
  /** It was clicked. */
  onPick: (file: Artifact) => void;
  onOpen: (file: Artifact) => void;
  onMenu: (file: Artifact, x: number, y: number) => void;
  onPress: (file: Artifact, event: React.MouseEvent<HTMLElement>) => void;
}

interface IArtifactTileProps {
  file: Artifact;
  /** Its place among those of its group, from 1, and how many they are: not all of them are drawn. */
  position: number;
  count: number;
  /** Where it stands, from 1. */
  row: number;
  column: number;
  query: string;
  isSelected: boolean;
  /** Whether it is the one that takes part in the tab order. */
  isCurrent: boolean;
  api: HubApi;
  rendermime: IRenderMimeRegistry;
  actions: ITileActions;
}

/** A file of a gallery: what it looks like, its name, its version, size and kind. */
export const ArtifactTile = React.memo((props: IArtifactTileProps): JSX.Element => {
  const { file, actions } = props;
  const word = wordOf(typeOf(file).word);
  const Icon = iconOfFile(file);
  const facts = [trans.__('v%1', file.version), size(file.size), word].join(' · ');
  return (
    <div
      role="option"
      className="jp-AgentHub-tile"
      data-key={keyOf(file)}
      aria-selected={props.isSelected}
      aria-label={trans.__(
        '%1, version %2, %3, %4',
        file.name,
        file.version,
        size(file.size),
        word
      )}
      aria-posinset={props.position}
      aria-setsize={props.count}
      tabIndex={props.isCurrent ? 0 : -1}
      style={{ gridRow: props.row, gridColumn: props.column }}
      title={file.path}
      onClick={() => actions.onPick(file)}
      onDoubleClick={() => actions.onOpen(file)}
      onMouseDown={event => event.button === 0 && actions.onPress(file, event)}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        actions.onSelect(file);
        actions.onMenu(file, event.clientX, event.clientY);
      }}
    >
      <ArtifactThumbnail file={file} api={props.api} rendermime={props.rendermime} />
      <div className="jp-AgentHub-tileText">
        <span className="jp-AgentHub-line">
          <Icon.react tag="span" className="jp-AgentHub-tileIcon" />
          <span className="jp-AgentHub-tileName">
            <Highlight text={file.name} query={props.query} />
          </span>
        </span>
        <span className="jp-AgentHub-tileFacts">{facts}</span>
      </div>
    </div>
  );
});
ArtifactTile.displayName = 'ArtifactTile';
