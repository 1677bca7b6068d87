import React, { useEffect, useMemo, useState } from 'react';

import type { Highlighter } from '../../chatpage/highlighter';
import { firstLines, type IHunk, type IPatchLine } from '../../chatpage/patch';
import type { IToken } from '../../chatpage/token';
import { trans } from '../../translation';

/** The most lines of a file that are drawn at first. */
const MOST = 1000;

interface IPatchViewProps {
  path: string;
  hunks: readonly IHunk[];
  highlighter: Highlighter;
}

/** What changed in a file, line by line. */
export function PatchView(props: IPatchViewProps): JSX.Element {
  const { hunks } = props;
  const [most, setMost] = useState(MOST);
  const shown = useMemo(() => firstLines(hunks, most), [hunks, most]);
  const left = linesIn(hunks) - linesIn(shown);
  return (
    <div
      className="jp-AgentHub-patch"
      tabIndex={0}
      role="group"
      aria-label={trans.__('Changes in %1', props.path)}
    >
      {shown.map((hunk, index) => (
        <Hunk
          key={index}
          path={props.path}
          hunk={hunk}
          highlighter={props.highlighter}
          isFirst={index === 0}
        />
      ))}
      {left > 0 && (
        <button
          type="button"
          className="jp-AgentHub-link"
          onClick={() => setMost(most => most + 5 * MOST)}
        >
          {trans._n('Show %1 more line', 'Show %1 more lines', left)}
        </button>
      )}
    </div>
  );
}

function linesIn(hunks: readonly IHunk[]): number {
  return hunks.reduce((sum, { lines }) => sum + lines.length, 0);
}

interface IHunkProps {
  path: string;
  hunk: IHunk;
  highlighter: Highlighter;
  isFirst: boolean;
}

function Hunk(props: IHunkProps): JSX.Element {
  const { path, hunk, highlighter } = props;
  const [coloured, setColoured] = useState<{ of: IHunk; lines: IToken[][] } | null>(null);
  useEffect(() => {
    let isOver = false;
    highlighter
      .lines(path, hunk)
      .then(lines => {
        if (!isOver && lines) {
          setColoured({ of: hunk, lines });
        }
      })
      .catch(reason => console.warn(`Agent Hub could not colour ${path}.`, reason));
    return () => {
      isOver = true;
    };
  }, [path, hunk, highlighter]);
  const tokens = coloured?.of === hunk ? coloured.lines : null;
  return (
    <>
      {(!props.isFirst || hunk.place) && (
        <div className="jp-AgentHub-patchPlace">{hunk.place || '⋯'}</div>
      )}
      {hunk.lines.map((line, index) => (
        <Line key={index} line={line} tokens={tokens?.[index]} />
      ))}
    </>
  );
}

const KINDS = { '+': ' jp-mod-added', '-': ' jp-mod-removed', ' ': '' };
const SIGNS = { '+': '+', '-': '−', ' ': ' ' };

const Line = React.memo(
  (props: { line: IPatchLine; tokens: IToken[] | undefined }): JSX.Element => {
    const { sign, before, after, text } = props.line;
    return (
      <div className={`jp-AgentHub-patchLine${KINDS[sign]}`}>
        <span className="jp-AgentHub-patchNumber">{after ?? before}</span>
        <span className="jp-AgentHub-patchSign">{SIGNS[sign]}</span>
        <code>
          {props.tokens
            ? props.tokens.map((token, index) => (
                <span key={index} className={token.className || undefined}>
                  {token.text}
                </span>
              ))
            : text}
        </code>
      </div>
    );
  }
);
Line.displayName = 'Line';
