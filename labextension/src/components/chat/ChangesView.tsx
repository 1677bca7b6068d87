import React, { useMemo } from 'react';
import { refreshIcon } from '@jupyterlab/ui-components';

import type { ChangedFile, ChatDiff } from '../../api';
import type { IChatContext } from '../../chatpage/context';
import { trans } from '../../translation';
import { IconButton } from '../IconButton';
import { useSignal } from '../hooks';
import { FileDiff } from './FileDiff';

/** The files that are open at first have so many characters at most: to draw them takes time. */
const OPEN = 100_000;

/** The most files that are named of those that were not looked at. */
const NAMED = 20;

/** What a chat has changed, to read. */
export function ChangesView(props: { context: IChatContext }): JSX.Element {
  const { changes, highlighter } = props.context;
  useSignal(changes.changed);
  const { diff, problem } = changes;
  const open = useMemo(() => fitting(diff?.files ?? []), [diff]);
  return (
    <div className="jp-AgentHub-changes">
      <div className="jp-AgentHub-viewBar">
        <span role="status">{diff ? words(diff) : problem ? '' : trans.__('Looking…')}</span>
        <span className="jp-AgentHub-spacer" />
        <IconButton
          icon={refreshIcon}
          label={trans.__('Look again')}
          onClick={() => void changes.look()}
        />
      </div>
      {problem && (
        <p className="jp-AgentHub-viewNote" role="alert">
          <strong>{problem.message}</strong> {problem.hint}
        </p>
      )}
      {diff?.files.map((file, index) => (
        <FileDiff
          key={`${file.old_path}→${file.path}`}
          file={file}
          isOpenAtFirst={index < open}
          highlighter={highlighter}
        />
      ))}
      {diff && diff.more > 0 && (
        <p className="jp-AgentHub-viewNote">
          {trans._n('%1 more file changed.', '%1 more files changed.', diff.more)}
        </p>
      )}
      {diff && diff.left_out.length > 0 && (
        <p className="jp-AgentHub-viewNote">
          {trans.__(
            'Not looked at, too large or a repository of its own: %1.',
            listed(diff.left_out)
          )}
        </p>
      )}
    </div>
  );
}

function words(diff: ChatDiff): string {
  const files = diff.files.length + diff.more;
  if (files === 0) {
    return diff.left_out.length > 0
      ? ''
      : trans.__('Nothing has changed since this chat was started.');
  }
  const added = diff.files.reduce((sum, file) => sum + file.added, 0);
  const removed = diff.files.reduce((sum, file) => sum + file.removed, 0);
  return [
    trans._n('%1 file', '%1 files', files),
    `+${added} −${removed}`,
    diff.uncommitted ? trans.__('not all committed') : trans.__('committed')
  ].join(' · ');
}

/** The first of many names, and how many more there are. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ');
  const more = names.length - NAMED;
  return more > 0 ? trans._n('%2 and %1 more', '%2 and %1 more', more, shown) : shown;
}

/** How many files can be open at first. */
function fitting(files: readonly ChangedFile[]): number {
  let room = OPEN;
  const at = files.findIndex(({ patch }) => (room -= patch.length) < 0);
  return at < 0 ? files.length : at;
}
