import { useLayoutEffect, useRef } from 'react';

interface IHeldFocusOptions {
  /** The keys of all rows, in their order; another array when they may have changed. */
  keys: readonly string[];
  /** The row that has the focus, or had it last. */
  current: string | null;
  setCurrent: (key: string | null) => void;
  /** Where a row is drawn. */
  find: (key: string | null) => HTMLElement | undefined;
  /** What the rows are in. */
  scope: () => HTMLElement | null;
}

interface IHeldFocus {
  onFocus: () => void;
  onBlur: (event: React.FocusEvent) => void;
}

/**
 * Keep the focus that rows have, or have lent to a dialog, where it would fall to the page because the row goes away: it is
 * for the next row, else the one before, else what they are in.
 */
export function useHeldFocus(options: IHeldFocusOptions): IHeldFocus {
  const { keys, current, setCurrent } = options;
  const latest = useRef(options);
  latest.current = options;
  const isHeld = useRef(false);
  // As it was when the row got the focus: one that is being deleted moves down before it goes.
  const order = useRef<readonly string[]>([]);

  useLayoutEffect(() => {
    const row = () => latest.current.find(latest.current.current);
    const at = current === null ? -1 : order.current.indexOf(current);
    if (at < 0 || keys.includes(order.current[at]!)) {
      if (isHeld.current && hasNoFocus()) {
        // The part of the row that had the focus is gone.
        row()?.focus();
      }
      return;
    }
    const left = new Set(keys);
    const heirs = [...order.current.slice(at + 1), ...order.current.slice(0, at).reverse()];
    setCurrent(heirs.find(key => left.has(key)) ?? null);
    if (isHeld.current) {
      isHeld.current = false;
      // The row that is the current one now is drawn after this.
      queueMicrotask(() => inherit(() => row() ?? latest.current.scope()));
    }
  }, [keys, current, setCurrent]);

  useLayoutEffect(() => {
    const scope = latest.current.scope();
    return () => {
      if (isHeld.current) {
        queueMicrotask(() => inherit(() => scope));
      }
    };
  }, []);

  return {
    onFocus: () => {
      isHeld.current = true;
      order.current = latest.current.keys;
    },
    onBlur: ({ target, relatedTarget }) => {
      // A dialog or a menu gives the focus back, and a window that is left keeps it.
      const isLent = (relatedTarget?.closest('.jp-Dialog, .lm-Menu') ?? null) !== null;
      isHeld.current = isLent || target === document.activeElement;
    }
  };
}

/**
 * Give the focus to an element, unless something else has it.
 *
 * A dialog that has it is waited for: what it would give the focus back to is gone.
 */
function inherit(find: () => HTMLElement | null): void {
  const dialog = document.activeElement?.closest('.jp-Dialog');
  if (dialog?.parentNode) {
    const observer = new MutationObserver(() => {
      if (!dialog.isConnected) {
        observer.disconnect();
        inherit(find);
      }
    });
    observer.observe(dialog.parentNode, { childList: true });
  } else if (hasNoFocus()) {
    find()?.focus();
  }
}

export function hasNoFocus(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
