import React, { useEffect, useRef } from 'react';
import { closeIcon, searchIcon } from '@jupyterlab/ui-components';

import { trans } from '../translation';
import { IconButton } from './IconButton';

interface IFilterFieldProps {
  query: string;
  found: number;
  onChange: (query: string) => void;
  onClose: () => void;
}

/** Filters the panel by name. */
export function FilterField(props: IFilterFieldProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <div className="jp-AgentHub-filter" role="search">
      <searchIcon.react tag="span" />
      <input
        ref={input}
        type="text"
        value={props.query}
        placeholder={trans.__('Filter projects, chats, artifacts')}
        aria-label={trans.__('Filter projects, chats, artifacts')}
        spellCheck={false}
        onChange={event => props.onChange(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            event.stopPropagation();
            props.onClose();
          }
        }}
      />
      {props.query !== '' && <span aria-live="polite">{props.found}</span>}
      <IconButton icon={closeIcon} label={trans.__('Close filter')} onClick={props.onClose} />
    </div>
  );
}
