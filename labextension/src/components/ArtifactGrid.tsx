import React, { useCallback, useEffect, useRef, useState } from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import type { Artifact, HubApi } from '../api';
import { clock, shortMoment } from '../format';
import { keyOf, type IGalleryGroup } from '../gallery';
import { trans } from '../translation';
import { ArtifactTile } from './ArtifactTile';

/** Files that are drawn at once; more are as soon as the end of these is near. */
const PIECE = 200;

interface IArtifactGridProps {
  groups: readonly IGalleryGroup[];
  query: string;
  isList: boolean;
  /** The key of the selected file; null where none is. */
  selected: string | null;
  folded: ReadonlySet<string>;
  api: HubApi;
  rendermime: IRenderMimeRegistry;
  node: React.RefObject<HTMLDivElement>;
  onFold: (group: string) => void;
  onSelect: (file: Artifact) => void;
  /** It was clicked. */
  onPick: (file: Artifact) => void;
  onOpen: (file: Artifact) => void;
  onPreview: (file: Artifact) => void;
  onCopy: (file: Artifact) => void;
  onDelete: (file: Artifact) => void;
  onMenu: (file: Artifact, x: number, y: number) => void;
  onPress: (file: Artifact, event: React.MouseEvent<HTMLElement>) => void;
}

/** Files under headings that fold. One of them takes part in the tab order; the arrow keys move between them. */
export function ArtifactGrid(props: IArtifactGridProps): JSX.Element {
  const { groups, selected, folded, node } = props;
  const [most, setMost] = useState(PIECE);
  const shown = groups.filter(group => !folded.has(group.key)).flatMap(group => group.files);
  const current = shown.some(file => keyOf(file) === selected)
    ? selected
    : shown[0]
      ? keyOf(shown[0])
      : null;
  const end = useEnd(() => setMost(drawn => drawn + PIECE));

  const onKeyDown = (event: React.KeyboardEvent) => {
    const tile = (event.target as HTMLElement).closest<HTMLElement>('[role="option"]');
    const file = shown.find(one => keyOf(one) === tile?.dataset.key);
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
      const next = neighbour(event.key, tile, node.current!);
      const target = shown.find(one => keyOf(one) === next?.dataset.key);
      if (next && target) {
        event.preventDefault();
        next.focus();
        props.onSelect(target);
      }
    }
  };

  let left = most;
  return (
    <div className="jp-AgentHub-grid">
      <div ref={node} className={props.isList ? 'jp-mod-list' : ''} onKeyDown={onKeyDown}>
        {groups.map(group => {
          const isFolded = folded.has(group.key);
          const files = isFolded ? [] : group.files.slice(0, Math.max(0, left));
          left -= files.length;
          return left <= 0 && files.length === 0 && !isFolded ? null : (
            <section key={group.key}>
              <Heading group={group} isFolded={isFolded} onFold={props.onFold} />
              {!isFolded && (
                <div className="jp-AgentHub-tiles" role="listbox" aria-label={group.title}>
                  {files.map(file => (
                    <ArtifactTile
                      key={keyOf(file)}
                      file={file}
                      query={props.query}
                      isSelected={keyOf(file) === selected}
                      isCurrent={keyOf(file) === current}
                      api={props.api}
                      rendermime={props.rendermime}
                      onSelect={props.onSelect}
                      onPick={props.onPick}
                      onOpen={props.onOpen}
                      onMenu={props.onMenu}
                      onPress={props.onPress}
                    />
                  ))}
                </div>
              )}
            </section>
          );
        })}
      </div>
      {shown.length > most && (
        <div ref={end} className="jp-AgentHub-quiet">
          {trans._n('%1 more file …', '%1 more files …', shown.length - most)}
        </div>
      )}
    </div>
  );
}

function Heading(props: {
  group: IGalleryGroup;
  isFolded: boolean;
  onFold: (group: string) => void;
}): JSX.Element {
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

/** The tile that a key leads to from another one. */
function neighbour(key: string, from: HTMLElement, within: HTMLElement): HTMLElement | undefined {
  const tiles = [...within.querySelectorAll<HTMLElement>('[role="option"]')];
  const at = tiles.indexOf(from);
  switch (key) {
    case 'ArrowRight':
      return tiles[at + 1];
    case 'ArrowLeft':
      return tiles[at - 1];
    case 'Home':
      return tiles[0];
    case 'End':
      return tiles.at(-1);
    case 'ArrowDown':
      return nearest(from, tiles.slice(at + 1));
    case 'ArrowUp':
      return nearest(from, tiles.slice(0, at).reverse());
    default:
      return undefined;
  }
}

/** Of the next row of tiles, the one that is nearest to the column of `from`. */
function nearest(from: HTMLElement, tiles: readonly HTMLElement[]): HTMLElement | undefined {
  const { top, left } = from.getBoundingClientRect();
  const places = tiles.map(tile => ({ tile, place: tile.getBoundingClientRect() }));
  const row = places.find(({ place }) => Math.abs(place.top - top) > 1)?.place.top;
  return places
    .filter(({ place }) => row !== undefined && Math.abs(place.top - row) <= 1)
    .sort((a, b) => Math.abs(a.place.left - left) - Math.abs(b.place.left - left))[0]?.tile;
}

/** Told as soon as an element comes near to what is in view. */
function useEnd(onNear: () => void): React.RefCallback<HTMLElement> {
  const near = useRef(onNear);
  useEffect(() => {
    near.current = onNear;
  });
  const observer = useRef<IntersectionObserver | null>(null);
  return useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    observer.current = null;
    if (element) {
      observer.current = new IntersectionObserver(
        entries => entries.some(entry => entry.isIntersecting) && near.current(),
        { rootMargin: '600px' }
      );
      observer.current.observe(element);
    }
  }, []);
}
