import React, { useMemo, useState } from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';

import type { ChangedFile } from '../../api';
import type { Highlighter } from '../../chatpage/highlighter';
import { hunksOf } from '../../chatpage/patch';
import { trans } from '../../translation';
import { PatchView } from './PatchView';

interface IFileDiffProps {
  file: ChangedFile;
  isOpenAtFirst: boolean;
  highlighter: Highlighter;
}

function kindWord(kind: ChangedFile['kind']): string {
  switch (kind) {
    case 'add':
      return trans.__('new');
    case 'delete':
      return trans.__('deleted');
    case 'rename':
      return trans.__('renamed');
    case 'update':
      return '';
  }
}

/** A file that changed; its lines fold. */
export const FileDiff = React.memo((props: IFileDiffProps): JSX.Element => {
  const { file } = props;
  const [isOpen, setOpen] = useState(props.isOpenAtFirst);
  const hunks = useMemo(() => (isOpen ? hunksOf(file.patch) : []), [isOpen, file.patch]);
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const name = file.old_path ? `${file.old_path} → ${file.path}` : file.path;
  const kind = kindWord(file.kind);
  return (
    <section className="jp-AgentHub-fileDiff" aria-label={name}>
      <h3>
        <button type="button" aria-expanded={isOpen} title={name} onClick={() => setOpen(!isOpen)}>
          <Caret.react tag="span" className="jp-AgentHub-caret" />
          <code>{name}</code>
          {kind && <span className="jp-AgentHub-badge">{kind}</span>}
          <span className="jp-AgentHub-spacer" />
          <span>{file.binary ? trans.__('binary') : `+${file.added} −${file.removed}`}</span>
        </button>
      </h3>
      {isOpen && hunks.length > 0 && (
        <PatchView path={file.path} hunks={hunks} highlighter={props.highlighter} />
      )}
      {isOpen && hunks.length === 0 && <p className="jp-AgentHub-viewNote">{nothing(file)}</p>}
      {isOpen && file.cut && hunks.length > 0 && (
        <p className="jp-AgentHub-viewNote">
          {trans.__('This file has changed more than is shown here.')}
        </p>
      )}
    </section>
  );
});
FileDiff.displayName = 'FileDiff';

function nothing(file: ChangedFile): string {
  if (file.binary) {
    return trans.__('A binary file has no lines to show.');
  }
  return file.cut
    ? trans.__('This file has changed too much to be shown here.')
    : trans.__('No line of it has changed.');
}
