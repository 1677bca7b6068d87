import React, { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';

import type { Selection } from '../selection';
import { useHeldFocus } from './heldfocus';

/** What scrolls, and what the arrow keys walk through: every tree of the panel. */
const SCOPE = '.jp-AgentHub-sections';

/** Rows beyond those in view that are drawn as well, so that a quick scroll meets no gap. */
const OVERSCAN = 6;

/** A row of a tree, before it is drawn. */
export interface ITreeRow {
  key: string;
  /** Its height in pixels. */
  height: number;
  /** Draw it; `place` goes to its `TreeItem`. */
  draw: (place: ITreePlace) => JSX.Element;
}

/** Where a row is; the same object as long as that does not change. */
export interface ITreePlace {
  /** Whether it is the one row of its tree that takes part in the tab order. */
  isCurrent: boolean;
  top: number;
}

interface ITreeProps {
  label: string;
  rows: readonly ITreeRow[];
  /** The key of a row that is scrolled into view whenever it becomes another. */
  reveal?: string | null;
  /** Where several rows can be chosen together: which of them are. */
  selection?: Selection;
}

/**
 * Rows of which one takes part in the tab order; the arrow keys move between them.
 *
 * Only those in view are drawn, and beside them the first, the last, the one that has the focus and the one to be
 * revealed: for the arrow keys, so that scrolling takes no focus away, and as what can be scrolled to.
 */
export function Tree(props: ITreeProps): JSX.Element {
  const { rows, selection } = props;
  const node = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const wantsFocus = useRef(false);
  const offset = useOffset(node);
  const found = rows.findIndex(row => row.key === current);
  const at = Math.max(0, found);

  const reveal = rows.findIndex(row => row.key === props.reveal);

  const extract = useCallback(
    (range: Range) => {
      const shown = new Set([0, ...defaultRangeExtractor(range), at, reveal, rows.length - 1]);
      return [...shown].filter(index => index >= 0 && index < rows.length).sort((a, b) => a - b);
    },
    [at, reveal, rows.length]
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => node.current?.closest(SCOPE) ?? null,
    estimateSize: index => rows[index]!.height,
    // Another function for other rows: it is what makes their heights be asked for again.
    getItemKey: useCallback((index: number) => rows[index]!.key, [rows]),
    overscan: OVERSCAN,
    rangeExtractor: extract,
    scrollMargin: offset
  });

  const find = (key: string | null) => itemsIn(node.current).find(item => item.dataset.key === key);

  const revealed = useRef<string | null>(null);
  useEffect(() => {
    const wanted = props.reveal ?? null;
    if (wanted === revealed.current) {
      return;
    }
    // A row that is not there yet is waited for; one that a person scrolls away from later is left where it is. The
    // browser scrolls to it: the virtualizer would take the last row of a tree for the end of all that scrolls, and
    // knows nothing of the header that stays above.
    const item = wanted === null ? null : find(wanted);
    if (item !== undefined) {
      revealed.current = wanted;
      item?.scrollIntoView({ block: 'nearest' });
    }
  });
  const held = useHeldFocus({
    keys: useMemo(() => rows.map(row => row.key), [rows]),
    current,
    setCurrent,
    find,
    scope: () => node.current?.closest<HTMLElement>(SCOPE) ?? null
  });

  useEffect(() => {
    if (wantsFocus.current) {
      wantsFocus.current = false;
      find(current)?.focus();
    }
  });

  const onFocus = (event: React.FocusEvent) => {
    const item = (event.target as HTMLElement).closest<HTMLElement>('[role="treeitem"]');
    setCurrent(item?.dataset.key ?? null);
    held.onFocus();
  };

  const onClick = (event: React.MouseEvent) => {
    const key = (event.target as HTMLElement).closest<HTMLElement>('[role="treeitem"]')?.dataset
      .key;
    if (!selection || key === undefined) {
      return;
    }
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      // The row would open.
      event.preventDefault();
      event.stopPropagation();
      if (event.shiftKey) {
        selection.extend(key, current);
      } else {
        selection.toggle(key);
      }
      wantsFocus.current = true;
      setCurrent(key);
    } else if ((event.target as HTMLElement).closest('button') === null) {
      selection.clear();
    }
  };

  const select = (event: React.KeyboardEvent): boolean => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (selection && event.key === ' ' && current !== null) {
      selection.toggle(current);
    } else if (selection && event.key === 'a' && isCommand) {
      selection.all();
    } else if (selection && event.key === 'Escape' && selection.size > 0) {
      selection.clear();
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    const isItem = (event.target as HTMLElement).matches('[role="treeitem"]');
    if (isItem && select(event)) {
      return;
    }
    if (!isItem || (step === 0 && event.key !== 'Home' && event.key !== 'End')) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const next = step === 0 ? undefined : rows[at + step];
    if (next) {
      if (event.shiftKey) {
        selection?.extend(next.key, current);
      }
      wantsFocus.current = true;
      setCurrent(next.key);
      return;
    }
    // The first and the last row of every tree are always drawn.
    const items = itemsIn(node.current?.closest(SCOPE));
    const own = items.findIndex(item => item === document.activeElement);
    const target = { Home: items[0], End: items.at(-1) }[event.key] ?? items[own + step];
    target?.focus();
  };

  return (
    <div
      ref={node}
      role="tree"
      aria-label={props.label}
      aria-multiselectable={selection ? true : undefined}
      className="jp-AgentHub-tree"
      style={{ height: virtual.getTotalSize() }}
      onFocus={onFocus}
      onBlur={held.onBlur}
      onKeyDown={onKeyDown}
      onClickCapture={onClick}
    >
      {virtual.getVirtualItems().map(item => (
        <Placed
          key={item.key}
          row={rows[item.index]!}
          isCurrent={item.index === at}
          top={item.start - offset}
        />
      ))}
    </div>
  );
}

interface IPlacedProps {
  row: ITreeRow;
  isCurrent: boolean;
  top: number;
}

/** Keeps a row's place one object, so that a row that stays where it is need not be drawn again. */
const Placed = React.memo((props: IPlacedProps): JSX.Element => {
  const { isCurrent, top } = props;
  const place = useMemo(() => ({ isCurrent, top }), [isCurrent, top]);
  return props.row.draw(place);
});
Placed.displayName = 'Placed';

function itemsIn(node: Element | null | undefined): HTMLElement[] {
  return [...(node?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];
}

/** How far below the top of what scrolls a node begins, in pixels; what is above it may grow. */
function useOffset(node: React.RefObject<HTMLElement>): number {
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const scroller = node.current?.closest<HTMLElement>(SCOPE);
    const content = scroller?.firstElementChild;
    if (!scroller || !content) {
      return undefined;
    }
    const measure = () => {
      const top = node.current?.getBoundingClientRect().top ?? 0;
      setOffset(Math.round(top - scroller.getBoundingClientRect().top + scroller.scrollTop));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(content);
    return () => observer.disconnect();
  }, [node]);
  return offset;
}

/** Whether a row has the pointer or the focus: only then is there what it offers them. */
export const Attended = React.createContext(false);

interface ITreeItemProps {
  id: string;
  className: string;
  label: string;
  /** Whether what it stands for is in Lab's current tab. */
  isShown?: boolean;
  /** Whether it is chosen; not given where it cannot be. */
  isSelected?: boolean;
  place: ITreePlace;
  level?: number;
  expanded?: boolean;
  /** Which of its siblings it is, from 1, and how many there are: they are not all drawn. */
  position: number;
  count: number;
  /** What keys do, by their name in keyboard events. */
  keys: Record<string, () => void>;
  onOpen: () => void;
  onMenu?: (x: number, y: number) => void;
  children: React.ReactNode;
}

/** What is drawn of a row. */
export function TreeItem(props: ITreeItemProps): JSX.Element {
  const { keys, onOpen, onMenu } = props;
  const [hasPointer, setPointer] = useState(false);
  const [hasFocus, setFocus] = useState(false);
  const isAttended = hasPointer || hasFocus;

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const action = event.key === 'Enter' ? onOpen : keys[event.key];
    if (action) {
      event.preventDefault();
      event.stopPropagation();
      action();
    }
  };

  const onContextMenu = (event: React.MouseEvent) => {
    if (!onMenu || event.shiftKey) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const box = event.currentTarget.getBoundingClientRect();
    const byKey = event.clientX === 0 && event.clientY === 0;
    onMenu(byKey ? box.left + 24 : event.clientX, byKey ? box.bottom : event.clientY);
  };

  const onKeyUp = (event: React.KeyboardEvent) => {
    if (onMenu && event.key === 'F10' && event.shiftKey && event.target === event.currentTarget) {
      event.preventDefault();
      const box = event.currentTarget.getBoundingClientRect();
      onMenu(box.left + 24, box.bottom);
    }
  };

  return (
    <div
      role="treeitem"
      data-key={props.id}
      className={isAttended ? `${props.className} jp-mod-attended` : props.className}
      aria-label={props.label}
      aria-level={props.level ?? 1}
      aria-posinset={props.position}
      aria-setsize={props.count}
      aria-expanded={props.expanded}
      aria-selected={props.isSelected}
      aria-current={props.isShown ? 'true' : undefined}
      tabIndex={props.place.isCurrent ? 0 : -1}
      style={{ transform: `translateY(${props.place.top}px)` }}
      onClick={onOpen}
      onKeyDown={onKeyDown}
      onKeyUp={onKeyUp}
      onContextMenu={onContextMenu}
      // What came under a finger as it touches would be what it taps.
      onPointerEnter={event => setPointer(event.pointerType !== 'touch')}
      onPointerLeave={() => setPointer(false)}
      onFocus={() => setFocus(true)}
      onBlur={event => setFocus(event.currentTarget.contains(event.relatedTarget))}
    >
      <Attended.Provider value={isAttended}>{props.children}</Attended.Provider>
    </div>
  );
}
