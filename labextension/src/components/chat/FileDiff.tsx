import React, { useMemo, useState } from 'react';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';

import type { ChangedFile } from '../../api';
import type { Highlighter } from '../../chatpage/highlighter';
import { hunksOf } from '../../chatpage/patch';
import { PatchView } from './PatchView';

interface IFileDiffProps {
  file: ChangedFile;
  isOpenAtFirst: boolean;
  highlighter: Highlighter;
}

const KINDS = { add: 'new', delete: 'deleted', rename: 'renamed', update: '' };

/** A file that changed; its lines fold. */
export const FileDiff = React.memo((props: IFileDiffProps): JSX.Element => {
  const { file } = props;
  const [isOpen, setOpen] = useState(props.isOpenAtFirst);
  const hunks = useMemo(() => (isOpen ? hunksOf(file.patch) : []), [isOpen, file.patch]);
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const name = file.old_path ? `${file.old_path} → ${file.path}` : file.path;
  return (
    <section className="jp-AgentHub-fileDiff" aria-label={name}>
      <h3>
        <button type="button" aria-expanded={isOpen} title={name} onClick={() => setOpen(!isOpen)}>
          <Caret.react tag="span" className="jp-AgentHub-caret" />
          <code>{name}</code>
          {KINDS[file.kind] && <span className="jp-AgentHub-badge">{KINDS[file.kind]}</span>}
          <span className="jp-AgentHub-spacer" />
          <span>{file.binary ? 'binary' : `+${file.added} −${file.removed}`}</span>
        </button>
      </h3>
      {isOpen && hunks.length > 0 && (
        <PatchView path={file.path} hunks={hunks} highlighter={props.highlighter} />
      )}
      {isOpen && hunks.length === 0 && <p className="jp-AgentHub-viewNote">{nothing(file)}</p>}
      {isOpen && file.cut && hunks.length > 0 && (
        <p className="jp-AgentHub-viewNote">This file has changed more than is shown here.</p>
      )}
    </section>
  );
});
FileDiff.displayName = 'FileDiff';

function nothing(file: ChangedFile): string {
  if (file.binary) {
    return 'A binary file has no lines to show.';
  }
  return file.cut
    ? 'This file has changed too much to be shown here.'
    : 'No line of it has changed.';
}
