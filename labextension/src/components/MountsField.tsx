import React from 'react';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';

import type { Mount } from '../api';
import type { FieldError } from '../forms';
import { trans } from '../translation';
import { controlProps, FieldProblem } from './Field';
import { Fold } from './Fold';
import { useRowFocus } from './hooks';
import { IconButton } from './IconButton';

/** What a folder looks like. */
const FOLDER = '/data';

interface IMountsFieldProps {
  mounts: Mount[];
  errors: readonly FieldError[];
  onChange: (mounts: Mount[]) => void;
}

/** Folders of the server that the container sees. */
export function MountsField(props: IMountsFieldProps): JSX.Element {
  const { mounts, errors, onChange } = props;
  const add = useRowFocus(mounts.length);
  const change = (index: number, part: Partial<Mount>) =>
    onChange(mounts.map((mount, at) => (at === index ? { ...mount, ...part } : mount)));

  return (
    <Fold
      title={trans.__('Mounts')}
      summary={
        mounts.length === 0 ? trans.__('None') : trans._n('%1 folder', '%1 folders', mounts.length)
      }
      hasError={errors.some(error => error.field.startsWith('mounts'))}
      isOpen={mounts.length > 0}
    >
      {mounts.length > 0 && (
        <div className="jp-AgentHub-rows jp-mod-mounts" aria-hidden="true">
          <span>{trans.__('Folder on this server')}</span>
          <span>{trans.__('In the container')}</span>
          <span>{trans.__('Access')}</span>
        </div>
      )}
      {mounts.map((mount, index) => (
        <React.Fragment key={index}>
          <div className="jp-AgentHub-rows jp-mod-mounts">
            <input
              {...controlProps(errors, `mounts.${index}.source`)}
              type="text"
              aria-label={trans.__('Mount %1: folder on this server', index + 1)}
              placeholder={FOLDER}
              spellCheck={false}
              value={mount.source}
              onChange={event => change(index, { source: event.target.value })}
            />
            <input
              {...controlProps(errors, `mounts.${index}.target`)}
              type="text"
              aria-label={trans.__('Mount %1: in the container', index + 1)}
              placeholder={FOLDER}
              spellCheck={false}
              value={mount.target}
              onChange={event => change(index, { target: event.target.value })}
            />
            <select
              aria-label={trans.__('Mount %1: access', index + 1)}
              value={mount.read_only ? 'ro' : 'rw'}
              onChange={event => change(index, { read_only: event.target.value === 'ro' })}
            >
              <option value="ro">{trans.__('Read only')}</option>
              <option value="rw">{trans.__('Read, write')}</option>
            </select>
            <IconButton
              icon={closeIcon}
              label={trans.__('Remove mount %1', index + 1)}
              onClick={() => onChange(mounts.filter((_, at) => at !== index))}
            />
          </div>
          <FieldProblem errors={errors} field={`mounts.${index}`} />
          <FieldProblem errors={errors} field={`mounts.${index}.source`} />
          <FieldProblem errors={errors} field={`mounts.${index}.target`} />
        </React.Fragment>
      ))}
      <FieldProblem errors={errors} field="mounts" />
      <button
        ref={add}
        type="button"
        className="jp-AgentHub-plain"
        onClick={() => onChange([...mounts, { source: '', target: '', read_only: true }])}
      >
        <addIcon.react tag="span" />
        {trans.__('Add mount')}
      </button>
    </Fold>
  );
}
