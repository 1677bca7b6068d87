import React, { useEffect, useRef } from 'react';

/** What the arrow keys walk through: the items of every tree of the panel. */
const SCOPE = '.jp-AgentHub-sections';

function itemsIn(node: Element | null | undefined): HTMLElement[] {
  return [...(node?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];
}

/** Rows of which one takes part in the tab order; the arrow keys move between them. */
export function Tree(props: { label: string; children: React.ReactNode }): JSX.Element {
  const node = useRef<HTMLDivElement>(null);
  const current = useRef<string | undefined>(undefined);

  useEffect(() => {
    const items = itemsIn(node.current);
    const active = items.find(item => item.dataset.key === current.current) ?? items[0];
    for (const item of items) {
      item.tabIndex = item === active ? 0 : -1;
    }
  });

  const onFocus = (event: React.FocusEvent) => {
    const item = (event.target as HTMLElement).closest<HTMLElement>('[role="treeitem"]');
    if (item) {
      current.current = item.dataset.key;
      for (const other of itemsIn(node.current)) {
        other.tabIndex = other === item ? 0 : -1;
      }
    }
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    const items = itemsIn(node.current?.closest(SCOPE) ?? node.current);
    const at = items.findIndex(item => item === document.activeElement);
    const target = {
      ArrowDown: items[at + 1],
      ArrowUp: items[at - 1],
      Home: items[0],
      End: items.at(-1)
    }[event.key];
    if (at >= 0 && target) {
      event.preventDefault();
      event.stopPropagation();
      target.focus();
    }
  };

  return (
    <div ref={node} role="tree" aria-label={props.label} onFocus={onFocus} onKeyDown={onKeyDown}>
      {props.children}
    </div>
  );
}

interface ITreeItemProps {
  id: string;
  className: string;
  label: string;
  level?: number;
  expanded?: boolean;
  /** What keys do, by their name in keyboard events. */
  keys: Record<string, () => void>;
  onOpen: () => void;
  onMenu?: (x: number, y: number) => void;
  children: React.ReactNode;
}

/** A row of a tree. */
export function TreeItem(props: ITreeItemProps): JSX.Element {
  const { keys, onOpen, onMenu } = props;

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
      className={props.className}
      aria-label={props.label}
      aria-level={props.level ?? 1}
      aria-expanded={props.expanded}
      tabIndex={-1}
      onClick={onOpen}
      onKeyDown={onKeyDown}
      onKeyUp={onKeyUp}
      onContextMenu={onContextMenu}
    >
      {props.children}
    </div>
  );
}
