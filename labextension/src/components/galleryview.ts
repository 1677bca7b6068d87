import { useCallback, useLayoutEffect, useMemo, useState, type RefObject } from 'react';

import type { IGridShape } from '../gallerywindow';

/** The least width of a tile and what is between two, in pixels, as the style sheet has them. */
const TILE = 164;
const GAP = 12;

/** How high a file is before one has been drawn, in pixels: as a tile, and in a list. */
const HEIGHT = { tile: 158, line: 37 };

/** By how much what is in view is scrolled before other files are drawn, in pixels. */
const STEP = 200;

interface IGalleryView {
  shape: IGridShape;
  /** What is in view, in pixels from the first group. */
  from: number;
  to: number;
  onScroll: () => void;
}

/**
 * How files are laid out in what there is room for, and which part of that is in view.
 *
 * @param node - What scrolls.
 * @param isList - Whether each file has a line of its own.
 */
export function useGalleryView(node: RefObject<HTMLElement>, isList: boolean): IGalleryView {
  const [room, setRoom] = useState({ width: 0, height: 0 });
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(0);
  const onScroll = useCallback(() => {
    const element = node.current!;
    // In a tab behind others it is nowhere, and comes back to where it was without a word.
    if (element.clientHeight > 0) {
      setTop(Math.floor(element.scrollTop / STEP) * STEP);
    }
  }, [node]);
  useLayoutEffect(() => {
    const element = node.current!;
    const measure = () => {
      if (element.clientHeight > 0) {
        const { paddingLeft, paddingRight } = getComputedStyle(element);
        const width = element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
        setRoom({ width, height: element.clientHeight });
        onScroll();
      }
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [node, onScroll]);
  // All files are as high as one another; how high depends on the size of Lab's font.
  useLayoutEffect(() => {
    const file = node.current!.querySelector<HTMLElement>('[role="option"]');
    if (!file) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      if (file.offsetHeight > 0) {
        setHeight(file.offsetHeight);
      }
    });
    observer.observe(file);
    return () => observer.disconnect();
  });
  const columns = isList ? 1 : Math.max(1, Math.floor((room.width + GAP) / (TILE + GAP)));
  const shape = useMemo(
    () => ({
      columns,
      height: height || (isList ? HEIGHT.line : HEIGHT.tile),
      gap: isList ? 0 : GAP
    }),
    [columns, height, isList]
  );
  return {
    shape,
    from: top,
    to: top + STEP + room.height,
    onScroll
  };
}
