import { useEffect, useRef, type FocusEvent, type RefObject } from 'react';

import { hasNoFocus } from './heldfocus';

interface IKeptFocus {
  ref: RefObject<HTMLDivElement>;
  onFocus: () => void;
  onBlur: (event: FocusEvent) => void;
}

/**
 * Keep the focus within an element whose parts take each other's place, as a form does that of the button which opens it:
 * it would fall to the page with the part that goes away.
 *
 * @param heirs - Selectors of what gets it, the best first.
 */
export function useKeptFocus(...heirs: readonly string[]): IKeptFocus {
  const ref = useRef<HTMLDivElement>(null);
  const isHeld = useRef(false);
  // After each drawing: any of them may take away what has the focus.
  useEffect(() => {
    const isLost = hasNoFocus() || document.activeElement?.matches(':disabled');
    if (isHeld.current && isLost) {
      heirs
        .map(heir => ref.current?.querySelector<HTMLElement>(heir))
        .find(Boolean)
        ?.focus();
    }
  });
  return {
    ref,
    onFocus: () => {
      isHeld.current = true;
    },
    onBlur: ({ target, relatedTarget }) => {
      // A dialog gives the focus back, and a window that is left keeps it.
      const isLent = (relatedTarget?.closest('.jp-Dialog') ?? null) !== null;
      isHeld.current = isLent || target === document.activeElement || target.matches(':disabled');
    }
  };
}
