import React, { useEffect, useRef, useState } from 'react';

import type { RepositoryInfo } from '../api';
import type { FieldError } from '../forms';
import { trans } from '../translation';
import { Choice } from './Choice';
import { Field } from './Field';
import { StatusMark } from './StatusMark';

/** A folder of Lab's file browser. */
export interface IFolder {
  path: string;
  /** Whether it was chosen already. */
  isChosen: boolean;
}

/** What an address looks like. */
const EXAMPLE = 'https://github.com/owner/repository.git';

interface IRepositoryFieldProps {
  url: string;
  errors: readonly FieldError[];
  /** A project that is there keeps its URL. */
  isNew: boolean;
  /** The one that is shown in the file browser. */
  folder?: IFolder;
  isChecking: boolean;
  info: RepositoryInfo | null;
  onChange: (url: string) => void;
  /** The person has named it. */
  onNamed: () => void;
  onFolder: (path: string) => void;
}

/** Which repository it is: an address, or the folder that is open in the file browser; and whether it was reached. */
export function RepositoryField(props: IRepositoryFieldProps): JSX.Element {
  const { folder, info, isNew } = props;
  const [source, setSource] = useState<'url' | 'folder'>(folder?.isChosen ? 'folder' : 'url');
  const first = useRef(props);
  useEffect(() => {
    const { folder, onFolder } = first.current;
    if (folder?.isChosen) {
      onFolder(folder.path);
    }
  }, []);

  const choose = (chosen: 'url' | 'folder') => {
    if (chosen !== source) {
      setSource(chosen);
      props.onChange('');
      if (folder && chosen === 'folder') {
        props.onFolder(folder.path);
      }
    }
  };

  return (
    <>
      {isNew && folder && (
        <div className="jp-AgentHub-field">
          <span>{trans.__('Source')}</span>
          <Choice
            label={trans.__('Source')}
            options={[
              { value: 'url', label: trans.__('Git URL') },
              { value: 'folder', label: trans.__('This folder: %1', folderName(folder.path)) }
            ]}
            value={source}
            onChange={choose}
          />
        </div>
      )}
      <Field
        label={trans.__('URL')}
        field="url"
        errors={props.errors}
        note={
          props.isChecking ? (
            <>
              <StatusMark mark="running" /> {trans.__('Checking…')}
            </>
          ) : info ? (
            <>
              <StatusMark mark="ready" /> {trans.__('Reachable')} ·{' '}
              {trans._n('%1 branch', '%1 branches', info.branches.length)}
            </>
          ) : (
            isNew && trans.__('A Git repository’s address, or a path on this server.')
          )
        }
      >
        {control => (
          <input
            {...control}
            type="text"
            spellCheck={false}
            autoComplete="off"
            readOnly={!isNew || source === 'folder'}
            placeholder={source === 'url' ? EXAMPLE : undefined}
            value={props.url}
            onChange={event => props.onChange(event.target.value)}
            onBlur={props.onNamed}
          />
        )}
      </Field>
    </>
  );
}

function folderName(path: string): string {
  return path.split('/').filter(Boolean).at(-1) ?? trans.__('the top folder');
}
