import React from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import type { HubApi } from '../api';
import { clock, shortMoment } from '../format';
import { keyOf, type IGalleryGroup } from '../gallery';
import { rowsOf, type IGridShape, type Rows } from '../gallerywindow';
import { trans } from '../translation';
import { ArtifactTile, type ITileActions } from './ArtifactTile';

/** What can be done with a group. */
export interface IGroupActions {
  onFold: (group: string) => void;
}

interface IArtifactGroupProps {
  group: IGalleryGroup;
  isFolded: boolean;
  shape: IGridShape;
  /** The rows that are drawn. */
  first: Rows[0];
  end: Rows[1];
  query: string;
  /** The key of the file that takes part in the tab order, where that is one of these. */
  current: string | null;
  /** Whether that one is selected. */
  isSelected: boolean;
  api: HubApi;
  rendermime: IRenderMimeRegistry;
  actions: ITileActions & IGroupActions;
}

/** Files under a heading that folds: those in view, in the places that they have among all. */
export const ArtifactGroup = React.memo((props: IArtifactGroupProps): JSX.Element => {
  const { group, isFolded, shape, current } = props;
  const { columns } = shape;
  const drawn = group.files
    .map((file, index) => ({ file, index, row: Math.floor(index / columns) }))
    .filter(
      // The one that has the focus, or gets it by Tab, stays where it is however far one scrolls.
      ({ file, row }) => (row >= props.first && row < props.end) || keyOf(file) === current
    );
  return (
    <section>
      <Heading group={group} isFolded={isFolded} onFold={props.actions.onFold} />
      {!isFolded && (
        <div
          className="jp-AgentHub-tiles"
          role="listbox"
          aria-label={group.title}
          style={{
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            gridTemplateRows: `repeat(${rowsOf(group.files.length, shape)}, ${shape.height}px)`
          }}
        >
          {drawn.map(({ file, index, row }) => (
            <ArtifactTile
              key={keyOf(file)}
              file={file}
              position={index + 1}
              count={group.files.length}
              row={row + 1}
              column={(index % columns) + 1}
              query={props.query}
              isSelected={props.isSelected && keyOf(file) === current}
              isCurrent={keyOf(file) === current}
              api={props.api}
              rendermime={props.rendermime}
              actions={props.actions}
            />
          ))}
        </div>
      )}
    </section>
  );
});
ArtifactGroup.displayName = 'ArtifactGroup';

function Heading(props: IGroupActions & { group: IGalleryGroup; isFolded: boolean }): JSX.Element {
  const { group, isFolded } = props;
  const Caret = isFolded ? caretRightIcon : caretDownIcon;
  const time = group.files[0]?.created_at ?? '';
  return (
    <button
      type="button"
      className="jp-AgentHub-galleryHeading"
      aria-expanded={!isFolded}
      onClick={() => props.onFold(group.key)}
    >
      <Caret.react tag="span" className="jp-AgentHub-caret" />
      {group.turn !== null && <code>[{group.turn}]:</code>}
      <b title={group.title}>{group.title}</b>
      {group.chat && <span className="jp-AgentHub-quiet">{group.chat}</span>}
      <span className="jp-AgentHub-spacer" />
      <span className="jp-AgentHub-quiet" title={clock(time, true)}>
        {trans._n('%1 file', '%1 files', group.files.length)} · {shortMoment(time)}
      </span>
    </button>
  );
}
