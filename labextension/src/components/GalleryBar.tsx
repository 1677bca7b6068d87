import React from 'react';
import { listIcon, searchIcon } from '@jupyterlab/ui-components';

import { KINDS } from '../artifactkinds';
import type { Grouping, IGalleryChoice } from '../gallery';
import { gridIcon } from '../icons';
import { trans } from '../translation';
import { IconButton } from './IconButton';

interface IGalleryBarProps {
  choice: IGalleryChoice;
  isList: boolean;
  /** How much is shown, in words. */
  summary: string;
  onChoose: (change: Partial<IGalleryChoice>) => void;
  onList: (isList: boolean) => void;
  /** The arrow down leads to the files. */
  onDown: () => void;
}

const GROUPINGS: readonly { value: Grouping; label: () => string }[] = [
  { value: 'prompt', label: () => trans.__('Group: prompt') },
  { value: 'chat', label: () => trans.__('Group: chat') },
  { value: 'kind', label: () => trans.__('Group: kind') }
];

/** What a gallery shows of all that there is, and how. */
export function GalleryBar(props: IGalleryBarProps): JSX.Element {
  const { choice, onChoose } = props;
  return (
    <div className="jp-AgentHub-galleryBar" role="search">
      <span className="jp-AgentHub-filter">
        <searchIcon.react tag="span" />
        <input
          type="text"
          value={choice.query}
          placeholder={trans.__('Filter by name or prompt')}
          aria-label={trans.__('Filter by name or prompt')}
          spellCheck={false}
          onChange={event => onChoose({ query: event.target.value })}
          onKeyDown={event => {
            if (event.key === 'Escape' && choice.query !== '') {
              event.stopPropagation();
              onChoose({ query: '' });
            } else if (event.key === 'ArrowDown') {
              event.preventDefault();
              props.onDown();
            }
          }}
        />
      </span>
      <select
        className="jp-AgentHub-select"
        aria-label={trans.__('Kind')}
        value={choice.kind}
        onChange={event => onChoose({ kind: event.target.value as IGalleryChoice['kind'] })}
      >
        {KINDS.map(({ value, label }) => (
          <option key={value} value={value}>
            {label()}
          </option>
        ))}
      </select>
      <select
        className="jp-AgentHub-select"
        aria-label={trans.__('Group')}
        value={choice.grouping}
        onChange={event => onChoose({ grouping: event.target.value as Grouping })}
      >
        {GROUPINGS.map(({ value, label }) => (
          <option key={value} value={value}>
            {label()}
          </option>
        ))}
      </select>
      <select
        className="jp-AgentHub-select"
        aria-label={trans.__('Versions')}
        value={choice.all ? 'all' : 'latest'}
        onChange={event => onChoose({ all: event.target.value === 'all' })}
      >
        <option value="latest">{trans.__('Latest version only')}</option>
        <option value="all">{trans.__('All versions')}</option>
      </select>
      <span className="jp-AgentHub-galleryView">
        <span className="jp-AgentHub-quiet" aria-live="polite">
          {props.summary}
        </span>
        <IconButton
          icon={gridIcon}
          label={trans.__('Show as tiles')}
          pressed={!props.isList}
          onClick={() => props.onList(false)}
        />
        <IconButton
          icon={listIcon}
          label={trans.__('Show as a list')}
          pressed={props.isList}
          onClick={() => props.onList(true)}
        />
      </span>
    </div>
  );
}
