import React, { useEffect, useRef } from 'react';
import {
  caretDownEmptyThinIcon,
  caretUpEmptyThinIcon,
  closeIcon,
  searchIcon
} from '@jupyterlab/ui-components';

import type { TerminalMatch } from '../api';
import type { TerminalSearch } from '../terminalsearch';
import { trans } from '../translation';
import { IconButton } from './IconButton';
import { useSignal } from './hooks';

interface ITerminalSearchBoxProps {
  search: TerminalSearch;
  /** Whether the current match is in view in the terminal; `null` where there is none. */
  isInView: boolean | null;
  onClose: () => void;
}

/** A field over a terminal, and the lines of its history that have what is in the field. */
export function TerminalSearchBox(props: ITerminalSearchBoxProps): JSX.Element {
  const { search, onClose } = props;
  useSignal(search.changed);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const { matches, index } = search;

  useEffect(() => input.current?.select(), []);
  useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }, [index, matches]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      onClose();
    } else if (step === 1 || step === -1) {
      search.step(step);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      className="jp-AgentHub-search"
      role="search"
      aria-label={trans.__('Search the terminal')}
      onKeyDown={onKeyDown}
    >
      <div className="jp-AgentHub-searchField">
        <searchIcon.react tag="span" />
        <input
          ref={input}
          type="text"
          defaultValue={search.query}
          placeholder={trans.__('Search what this terminal has shown')}
          aria-label={trans.__('Search what this terminal has shown')}
          aria-controls="jp-AgentHub-searchHits"
          aria-activedescendant={index >= 0 ? `jp-AgentHub-hit-${index}` : undefined}
          spellCheck={false}
          onChange={event => search.setQuery(event.target.value)}
        />
        <span className="jp-AgentHub-searchCount" role="status">
          {words(search)}
        </span>
        <IconButton
          icon={caretUpEmptyThinIcon}
          label={trans.__('Newer (Shift+Enter)')}
          onClick={() => search.step(-1)}
        />
        <IconButton
          icon={caretDownEmptyThinIcon}
          label={trans.__('Older (Enter)')}
          onClick={() => search.step(1)}
        />
        <IconButton icon={closeIcon} label={trans.__('Close (Esc)')} onClick={onClose} />
      </div>
      {search.error && (
        <p className="jp-AgentHub-searchNote">
          {search.error.message}{' '}
          <button type="button" className="jp-AgentHub-link" onClick={() => void search.search()}>
            {trans.__('Try again')}
          </button>
        </p>
      )}
      {matches.length > 0 && (
        <ul
          ref={list}
          id="jp-AgentHub-searchHits"
          role="listbox"
          aria-label={trans.__('Lines found')}
          className="jp-AgentHub-searchHits"
        >
          {matches.map((match, at) => (
            <li
              key={at}
              id={`jp-AgentHub-hit-${at}`}
              role="option"
              aria-selected={at === index}
              className="jp-AgentHub-hit"
              // The field keeps the focus, and with it Enter and Esc.
              onMouseDown={event => event.preventDefault()}
              onClick={() => search.choose(at)}
            >
              <Hit match={match} />
            </li>
          ))}
        </ul>
      )}
      {matches.length > 0 && props.isInView === false && (
        <p className="jp-AgentHub-searchNote">
          {trans.__('This line is kept in the history, but not on the screen any more.')}
        </p>
      )}
    </div>
  );
}

/** How much of a line is shown before what was found in it. */
const LEAD = 24;

/** A line with what was found in it marked; a long one begins shortly before that. */
function Hit(props: { match: TerminalMatch }): JSX.Element {
  const { text, spans } = props.match;
  const first = spans[0]?.[0] ?? 0;
  let at = first > 2 * LEAD ? first - LEAD : 0;
  const parts: React.ReactNode[] = at > 0 ? ['…'] : [];
  for (const [start, end] of spans) {
    parts.push(text.slice(at, start), <mark key={start}>{text.slice(start, end)}</mark>);
    at = end;
  }
  return (
    <span title={text}>
      {parts}
      {text.slice(at)}
    </span>
  );
}

function words({ state, matches, index, isComplete }: TerminalSearch): string {
  switch (state) {
    case 'idle':
      return '';
    case 'searching':
      return trans.__('Searching…');
    case 'failed':
      return trans.__('Not searched');
    case 'done':
      if (matches.length === 0) {
        return trans.__('Nothing found');
      }
      return isComplete
        ? trans._n('%2 of %1 line', '%2 of %1 lines', matches.length, index + 1)
        : trans.__('%1 of the newest %2', index + 1, matches.length);
  }
}
