import { useEffect, useReducer, useRef, useState, type RefObject } from 'react';
import type { ISignal } from '@lumino/signaling';

import type { HubModel, IHubChange } from '../model';

/** Draw again whenever the signal is emitted. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = () => draw();
    signal.connect(slot);
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}

/** Draw again when the signal was emitted, once for all the times between two frames. */
export function useSignalByFrame(signal: ISignal<unknown, unknown>): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let frame: number | null = null;
    const slot = () => {
      frame ??= requestAnimationFrame(() => {
        frame = null;
        draw();
      });
    };
    signal.connect(slot);
    // What came between the first drawing and this moment was not heard of.
    draw();
    return () => {
      signal.disconnect(slot);
      if (frame !== null) {
        cancelAnimationFrame(frame);
      }
    };
  }, [signal]);
}

/** Draw again when the model changed, once for all the changes between two frames. */
export function useModel(model: HubModel, kinds?: readonly IHubChange['kind'][]): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const wanted = kinds?.join();
  useEffect(() => {
    let frame: number | null = null;
    const slot = (_: HubModel, change: IHubChange) => {
      const isWanted =
        wanted === undefined || change.kind === 'all' || wanted.includes(change.kind);
      if (isWanted) {
        frame ??= requestAnimationFrame(() => {
          frame = null;
          draw();
        });
      }
    };
    model.changed.connect(slot);
    // What changed between the first drawing and this moment was not heard of.
    draw();
    return () => {
      model.changed.disconnect(slot);
      if (frame !== null) {
        cancelAnimationFrame(frame);
      }
    };
  }, [model, wanted]);
}

/** The present moment in milliseconds, drawn again every `interval` milliseconds while `active`. */
export function useNow(interval: number, active = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) {
      return undefined;
    }
    // What was drawn first may be old by now.
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), interval);
    return () => clearInterval(timer);
  }, [interval, active]);
  return active ? now : Date.now();
}

/**
 * Keep the focus where the rows of a form come and go, and it would be lost or left behind: in the first field of an
 * added one, and after one was removed on the button that adds them, which the result is for.
 */
export function useRowFocus(rows: number): RefObject<HTMLButtonElement> {
  const add = useRef<HTMLButtonElement>(null);
  const before = useRef(rows);
  useEffect(() => {
    const { activeElement } = document;
    if (rows > before.current && activeElement === add.current) {
      const drawn = add.current?.parentElement?.querySelectorAll('.jp-AgentHub-rows') ?? [];
      [...drawn].at(-1)?.querySelector('input')?.focus();
    } else if (rows < before.current && activeElement === document.body) {
      add.current?.focus();
    }
    before.current = rows;
  }, [rows]);
  return add;
}
