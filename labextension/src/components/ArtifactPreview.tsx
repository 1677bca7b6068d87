import React, { useState } from 'react';
import {
  caretLeftIcon,
  caretRightIcon,
  closeIcon,
  downloadIcon,
  ellipsesIcon,
  folderIcon,
  launchIcon,
  notebookIcon
} from '@jupyterlab/ui-components';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { CommandRegistry } from '@lumino/commands';

import type { Artifact, ArtifactVersion } from '../api';
import { hasLines } from '../artifactkinds';
import type { Highlighter } from '../chatpage/highlighter';
import { moment, size } from '../format';
import { keyOf } from '../gallery';
import { artifactMenu, openMenu } from '../menus';
import type { HubModel } from '../model';
import type { NotebookTarget } from '../notebooktarget';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { ArtifactContent } from './ArtifactContent';
import { BarButton } from './BarButton';
import { IconButton } from './IconButton';
import { VersionComparison } from './VersionComparison';
import { VersionDiff } from './VersionDiff';
import { useSignal } from './hooks';

interface IArtifactPreviewProps {
  file: Artifact;
  /** Its versions, oldest first. */
  versions: readonly ArtifactVersion[];
  position: number;
  count: number;
  model: HubModel;
  commands: CommandRegistry;
  rendermime: IRenderMimeRegistry;
  notebooks: NotebookTarget;
  highlighter: Highlighter;
  onVersion: (version: number) => void;
  onStep: (by: number) => void;
  onClose: () => void;
}

/** A file as it looks, what is known of it, and what can be done with it. */
export function ArtifactPreview(props: IArtifactPreviewProps): JSX.Element {
  const { file, versions, model, commands, notebooks } = props;
  useSignal(notebooks.changed);
  const [measured, setMeasured] = useState({ key: '', words: '' });
  /** The version that the one of the preview is compared with. */
  const [compared, setCompared] = useState<{ artifact: string; version: number } | null>(null);
  const key = keyOf(file);
  const newest = versions.at(-1)?.version ?? file.version;
  const isOld = file.version !== newest;
  const onlyNewest = isOld ? trans.__('The file browser has the newest version alone.') : '';
  const args = { artifact: file.id, version: String(file.version) };
  const run = (command: string) => () => void commands.execute(command, args);
  const words = measured.key === key ? measured.words : '';
  const shown = versions.find(({ version }) => version === file.version);
  const other = hasLines(file) ? otherVersion(versions, file, compared) : undefined;
  const isComparing = compared?.artifact === file.id && other !== undefined;
  return (
    <aside
      className="jp-AgentHub-preview"
      aria-label={trans.__('Preview of %1', file.name)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onClose();
        }
      }}
    >
      <div className="jp-AgentHub-previewHeader">
        <h3 title={file.name}>{file.name}</h3>
        <span className="jp-AgentHub-quiet">
          {trans.__('%1 of %2', props.position, props.count)}
        </span>
        <IconButton
          icon={caretLeftIcon}
          label={trans.__('Previous file')}
          onClick={() => props.onStep(-1)}
          blocked={props.position === 1 ? trans.__('This is the first.') : undefined}
        />
        <IconButton
          icon={caretRightIcon}
          label={trans.__('Next file')}
          onClick={() => props.onStep(1)}
          blocked={props.position === props.count ? trans.__('This is the last.') : undefined}
        />
        <IconButton
          icon={closeIcon}
          label={trans.__('Close preview (Space)')}
          onClick={props.onClose}
        />
      </div>
      <div
        className="jp-AgentHub-content"
        tabIndex={0}
        aria-label={trans.__('Content of %1', file.name)}
      >
        {isComparing && shown ? (
          <VersionDiff
            file={file}
            before={other.version < shown.version ? other : shown}
            after={other.version < shown.version ? shown : other}
            api={model.api}
            highlighter={props.highlighter}
          />
        ) : (
          <ArtifactContent
            key={key}
            file={file}
            api={model.api}
            rendermime={props.rendermime}
            onSize={found => setMeasured({ key, words: found })}
          />
        )}
      </div>
      <div className="jp-AgentHub-previewFoot">
        <div className="jp-AgentHub-previewActions">
          <BarButton
            icon={launchIcon}
            label={trans.__('Open')}
            isPrimary
            isEnabled={!isOld}
            blocked={onlyNewest}
            onClick={run(CommandIDs.openArtifact)}
          />
          <BarButton
            icon={notebookIcon}
            label={trans.__('Insert into notebook')}
            isEnabled={notebooks.blocked === ''}
            blocked={notebooks.blocked}
            onClick={run(CommandIDs.insertArtifact)}
          />
          <BarButton
            icon={folderIcon}
            label={trans.__('Reveal')}
            isEnabled={!isOld}
            blocked={onlyNewest}
            onClick={run(CommandIDs.revealArtifact)}
          />
          <IconButton
            icon={downloadIcon}
            label={trans.__('Download')}
            onClick={run(CommandIDs.downloadArtifact)}
          />
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('More')}
            onClick={event => openMenu(artifactMenu(commands, file), event.clientX, event.clientY)}
          />
        </div>
        {newest > 1 && (
          <div className="jp-AgentHub-previewVersions">
            <select
              className="jp-AgentHub-select"
              aria-label={trans.__('Version')}
              value={file.version}
              onChange={event => props.onVersion(Number(event.target.value))}
            >
              {[...versions].reverse().map(({ version, turn }) => (
                <option key={version} value={version}>
                  {turn === null
                    ? trans.__('Version %1 of %2', version, newest)
                    : trans.__('Version %1 of %2, from prompt %3', version, newest, turn)}
                </option>
              ))}
            </select>
            {other && (
              <VersionComparison
                versions={versions.filter(({ version }) => version !== file.version)}
                other={other.version}
                isOn={isComparing}
                onCompare={version =>
                  setCompared(version === null ? null : { artifact: file.id, version })
                }
              />
            )}
          </div>
        )}
        <dl>
          {file.turn !== null && (
            <>
              <dt>{trans.__('Prompt')}</dt>
              <dd title={file.prompt}>
                [{file.turn}] {file.prompt}
              </dd>
            </>
          )}
          <dt>{trans.__('Chat')}</dt>
          <dd>{model.chat(file.chat)?.name ?? trans.__('a deleted chat')}</dd>
          <dt>{trans._p('moment', 'Published')}</dt>
          <dd>{moment(file.created_at)}</dd>
          <dt>{trans.__('Path')}</dt>
          <dd>
            <code title={file.path}>{file.path}</code>
          </dd>
          <dt>{trans.__('Size')}</dt>
          <dd>{[words, size(file.size)].filter(Boolean).join(', ')}</dd>
        </dl>
      </div>
    </aside>
  );
}

/** What a file is compared with: what was chosen, else the version before it, and the one after the first. */
function otherVersion(
  versions: readonly ArtifactVersion[],
  file: Artifact,
  chosen: { artifact: string; version: number } | null
): ArtifactVersion | undefined {
  const others = versions.filter(({ version }) => version !== file.version);
  return (
    (chosen?.artifact === file.id
      ? others.find(({ version }) => version === chosen.version)
      : undefined) ??
    others.findLast(({ version }) => version < file.version) ??
    others[0]
  );
}
