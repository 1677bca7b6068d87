import React, { useEffect, useRef } from 'react';
import { useVirtualizer } from '@tanstack/react-virtual';

import type { LogLine } from '../api';
import { clock } from '../format';
import { trans } from '../translation';
import { AnsiText } from './AnsiText';

const LINE = 17;

/** How far from the end a view may be scrolled and still follow, in pixels. */
const SLACK = 24;

interface ILogViewProps {
  lines: readonly LogLine[];
  follow: boolean;
  wrap: boolean;
  timestamps: boolean;
  /** The line to bring into view; each new object does it once more. */
  target: { line: number } | null;
  onFollow: (follow: boolean) => void;
}

/** The lines of a log, of which only those in view are drawn. */
export function LogView(props: ILogViewProps): JSX.Element {
  const { lines, follow, wrap, timestamps, target, onFollow } = props;
  const node = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => node.current,
    estimateSize: () => LINE,
    overscan: 20
  });

  useEffect(() => {
    virtual.measure();
  }, [virtual, wrap, timestamps]);

  useEffect(() => {
    if (follow && lines.length > 0) {
      virtual.scrollToIndex(lines.length - 1, { align: 'end' });
    }
  }, [virtual, follow, lines.length, wrap]);

  useEffect(() => {
    if (target) {
      virtual.scrollToIndex(target.line, { align: 'start' });
    }
  }, [virtual, target]);

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = node.current!;
    const isUp = scrollTop < lastTop.current;
    lastTop.current = scrollTop;
    if (isUp && follow && scrollTop + clientHeight < scrollHeight - SLACK) {
      onFollow(false);
    }
  };

  return (
    <div
      ref={node}
      className={`jp-AgentHub-log${wrap ? ' jp-mod-wrap' : ''}`}
      role="log"
      aria-live="off"
      aria-label={trans.__('Build log')}
      tabIndex={0}
      onScroll={onScroll}
    >
      <div style={{ height: virtual.getTotalSize() }}>
        <div style={{ transform: `translateY(${virtual.getVirtualItems()[0]?.start ?? 0}px)` }}>
          {virtual.getVirtualItems().map(item => {
            const line = lines[item.index]!;
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="jp-AgentHub-logLine"
              >
                {timestamps && <time dateTime={line.time}>{clock(line.time, true)}</time>}
                <span>
                  <AnsiText text={line.text} />
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
