import React, { useLayoutEffect, useMemo, useRef } from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import type { Artifact, HubApi } from '../api';
import { keyOf, type IGalleryGroup } from '../gallery';
import { neighbour, rowsInView } from '../gallerywindow';
import { ArtifactGroup, type IGroupActions } from './ArtifactGroup';
import type { ITileActions } from './ArtifactTile';
import { useGalleryView } from './galleryview';
import { useHeldFocus } from './heldfocus';

interface IArtifactGridProps extends ITileActions, IGroupActions {
  groups: readonly IGalleryGroup[];
  query: string;
  isList: boolean;
  /** The key of the selected file; null where none is. */
  selected: string | null;
  folded: ReadonlySet<string>;
  api: HubApi;
  rendermime: IRenderMimeRegistry;
  node: React.RefObject<HTMLDivElement>;
  onPreview: (file: Artifact) => void;
  onCopy: (file: Artifact) => void;
  onDelete: (file: Artifact) => void;
}

/**
 * Files under headings that fold. One of them takes part in the tab order; the arrow keys move between them.
 *
 * Only those in view are drawn, and beside them the one that has the focus.
 */
export function ArtifactGrid(props: IArtifactGridProps): JSX.Element {
  const { groups, selected, folded, node } = props;
  const view = useGalleryView(node, props.isList);
  const wantsFocus = useRef(false);
  // All that takes a time in proportion to the files is done when they change, and not with each frame of a scroll.
  const { counts, shown, keys } = useMemo(() => {
    const files = groups.filter(group => !folded.has(group.key)).flatMap(group => group.files);
    return {
      counts: groups.map(group => (folded.has(group.key) ? 0 : group.files.length)),
      shown: files,
      keys: files.map(keyOf)
    };
  }, [groups, folded]);
  const at = useMemo(() => (selected === null ? -1 : keys.indexOf(selected)), [keys, selected]);
  const current = shown[Math.max(0, at)];
  const rows = rowsInView(counts, view.shape, view.from, view.to);

  const find = (key: string | null) =>
    [...(node.current?.querySelectorAll<HTMLElement>('[role="option"]') ?? [])].find(
      tile => tile.dataset.key === key
    );
  const held = useHeldFocus({
    keys,
    current: selected,
    setCurrent: key => {
      const heir = key === null ? undefined : shown[keys.indexOf(key)];
      if (heir) {
        props.onSelect(heir);
      }
    },
    find,
    scope: () =>
      node.current?.closest('.jp-AgentHub-gallery')?.querySelector<HTMLElement>('input') ?? null
  });

  const { columns } = view.shape;
  useLayoutEffect(() => {
    const tile = find(selected);
    if (wantsFocus.current) {
      wantsFocus.current = false;
      tile?.focus();
    } else {
      // It is another one, or has another place since there is more or less room.
      tile?.scrollIntoView({ block: 'nearest' });
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected, columns]);

  const latest = useRef(props);
  latest.current = props;
  const actions = useMemo<ITileActions & IGroupActions>(
    () => ({
      onSelect: file => latest.current.onSelect(file),
      onPick: file => latest.current.onPick(file),
      onOpen: file => latest.current.onOpen(file),
      onMenu: (...args) => latest.current.onMenu(...args),
      onPress: (...args) => latest.current.onPress(...args),
      onFold: group => latest.current.onFold(group)
    }),
    []
  );

  const onKeyDown = (event: React.KeyboardEvent) => {
    const tile = (event.target as HTMLElement).closest<HTMLElement>('[role="option"]');
    const from = keys.indexOf(tile?.dataset.key ?? '');
    const file = shown[from];
    if (!tile || !file) {
      return;
    }
    const act = (what: (file: Artifact) => void) => {
      event.preventDefault();
      event.stopPropagation();
      what(file);
    };
    if ((event.ctrlKey || event.metaKey) && event.key === 'c') {
      act(props.onCopy);
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === ' ') {
      act(props.onPreview);
    } else if (event.key === 'Enter') {
      act(props.onOpen);
    } else if (event.key === 'Delete') {
      act(props.onDelete);
    } else if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) {
      const { left, bottom } = tile.getBoundingClientRect();
      act(one => props.onMenu(one, left + 16, bottom - 16));
    } else {
      const target = shown[neighbour(event.key, from, counts, view.shape) ?? -1];
      if (target) {
        event.preventDefault();
        // Its tile may be drawn only after it is the selected one.
        wantsFocus.current = true;
        props.onSelect(target);
      }
    }
  };

  return (
    <div
      ref={node}
      className={`jp-AgentHub-grid${props.isList ? ' jp-mod-list' : ''}`}
      onScroll={view.onScroll}
      onKeyDown={onKeyDown}
      onFocus={event => {
        const tile = (event.target as HTMLElement).closest<HTMLElement>('[role="option"]');
        const file = shown[keys.indexOf(tile?.dataset.key ?? '')];
        if (file) {
          held.onFocus();
          if (keyOf(file) !== selected) {
            props.onSelect(file);
          }
        }
      }}
      onBlur={held.onBlur}
    >
      {groups.map((group, index) => (
        <ArtifactGroup
          key={group.key}
          group={group}
          isFolded={folded.has(group.key)}
          shape={view.shape}
          first={rows[index]![0]}
          end={rows[index]![1]}
          query={props.query}
          current={current && group.files.includes(current) ? keyOf(current) : null}
          isSelected={at >= 0}
          api={props.api}
          rendermime={props.rendermime}
          actions={actions}
        />
      ))}
    </div>
  );
}
