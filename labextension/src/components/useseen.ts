import { useEffect, useRef, useState, type RefObject } from 'react';

import { ScrollPace } from '../scrollpace';

/** How long after a quick scroll what has come into view is seen, in milliseconds. */
const REST = 100;

/** Tells elements that they are seen: in view, and not merely scrolled by. */
class Watch {
  /**
   * Call `onSeen` when an element is seen.
   *
   * @returns What ends the wait for it.
   */
  add(element: Element, onSeen: () => void): () => void {
    if (this._waiting.size === 0) {
      document.addEventListener('scroll', this._onScroll, { capture: true, passive: true });
    }
    this._waiting.set(element, onSeen);
    this._observer.observe(element);
    return () => this._remove(element);
  }

  private _remove(element: Element): void {
    this._observer.unobserve(element);
    this._inView.delete(element);
    if (this._waiting.delete(element) && this._waiting.size === 0) {
      document.removeEventListener('scroll', this._onScroll, { capture: true });
    }
  }

  private _tell(): void {
    const quick = [...this._quick.keys()];
    for (const element of [...this._inView]) {
      if (!quick.some(scroller => scroller.contains(element))) {
        const onSeen = this._waiting.get(element);
        this._remove(element);
        onSeen?.();
      }
    }
  }

  private readonly _onScroll = ({ target, timeStamp }: Event) => {
    const scroller = target instanceof Element ? target : document.documentElement;
    let pace = this._paces.get(scroller);
    if (!pace) {
      pace = new ScrollPace();
      this._paces.set(scroller, pace);
    }
    if (pace.isFast(scroller.scrollTop, timeStamp)) {
      clearTimeout(this._quick.get(scroller));
      const rest = () => {
        this._quick.delete(scroller);
        this._tell();
      };
      this._quick.set(scroller, setTimeout(rest, REST));
    }
  };

  private readonly _observer = new IntersectionObserver(
    entries => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) {
          this._inView.add(target);
        } else {
          this._inView.delete(target);
        }
      }
      this._tell();
    },
    { rootMargin: '200px' }
  );
  private readonly _waiting = new Map<Element, () => void>();
  private readonly _inView = new Set<Element>();
  private readonly _paces = new WeakMap<Element, ScrollPace>();
  /** What is scrolled quickly, or was until a moment ago, with the timer of that moment. */
  private readonly _quick = new Map<Element, ReturnType<typeof setTimeout>>();
}

// One for the page: an observer of its own for each of a thousand files is felt while they are scrolled.
let watch: Watch | undefined;

/** Whether an element has come into view; what nobody has looked at costs nothing. */
export function useSeen<T extends Element>(): [RefObject<T>, boolean] {
  const node = useRef<T>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    watch ??= new Watch();
    return watch.add(node.current!, () => setSeen(true));
  }, []);
  return [node, isSeen];
}
