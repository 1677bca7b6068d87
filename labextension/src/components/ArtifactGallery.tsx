import React, { useRef, useState } from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { CommandRegistry } from '@lumino/commands';

import type { Artifact } from '../api';
import { cellFor } from '../artifactcell';
import type { ArtifactHistory } from '../artifacthistory';
import { watchDrag } from '../celldrag';
import type { Highlighter } from '../chatpage/highlighter';
import { size } from '../format';
import { atVersion, chosen, grouped, keyOf, type IGalleryChoice } from '../gallery';
import { artifactMenu, openMenu } from '../menus';
import type { HubModel } from '../model';
import type { NotebookTarget } from '../notebooktarget';
import { CommandIDs } from '../tokens';
import { trans } from '../translation';
import { ArtifactGrid } from './ArtifactGrid';
import { ArtifactPreview } from './ArtifactPreview';
import { EmptyArtifacts } from './Empty';
import { GalleryBar } from './GalleryBar';
import { useModel, useSignal } from './hooks';

/** What a gallery needs of what is around it. */
export interface IGalleryContext {
  model: HubModel;
  commands: CommandRegistry;
  /** For what an agent wrote: trusted with nothing. */
  rendermime: IRenderMimeRegistry;
  notebooks: NotebookTarget;
  /** Colours lines of code. */
  highlighter: Highlighter;
  history: ArtifactHistory;
}

interface IArtifactGalleryProps extends IGalleryContext {
  /** The id of the chat whose files are shown; null: those of all chats. */
  chat: string | null;
}

/** What a chat has published, or all chats, to be looked through and used. */
export function ArtifactGallery(props: IArtifactGalleryProps): JSX.Element {
  const { model, commands, notebooks, history, chat } = props;
  useModel(model, ['artifact', 'chat']);
  useSignal(history.changed);
  const [choice, setChoice] = useState<IGalleryChoice>({
    query: '',
    kind: 'all',
    grouping: 'prompt',
    all: false
  });
  const [isList, setList] = useState(false);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [selected, setSelected] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  /** The version that the preview shows in place of the one that is selected. */
  const [older, setOlder] = useState<{ key: string; version: number } | null>(null);
  const grid = useRef<HTMLDivElement>(null);

  const artifacts = chat === null ? model.artifacts : model.artifactsOf(chat);
  const files = choice.all
    ? artifacts.flatMap(one => history.of(one).map(version => atVersion(one, version)))
    : artifacts;
  const found = chosen(files, choice);
  const nameOf = (id: string) => model.chat(id)?.name ?? trans.__('A deleted chat');
  const groups = grouped(found, choice.grouping, nameOf, chat !== null);
  const shown = groups.filter(group => !folded.has(group.key)).flatMap(group => group.files);
  const at = shown.findIndex(file => keyOf(file) === selected);
  const file = shown[at];

  if (model.status && artifacts.length === 0) {
    return <EmptyArtifacts chat={chat} commands={commands} />;
  }

  const select = (target: Artifact) => {
    setSelected(keyOf(target));
    setOlder(null);
  };
  const run = (command: string) => (target: Artifact) =>
    void commands.execute(command, { artifact: target.id, version: String(target.version) });
  const step = (by: number) => {
    const next = shown[at + by];
    if (next) {
      select(next);
    }
  };
  const versions = file ? history.of(model.artifact(file.id) ?? file) : [];
  const previewed =
    file && older?.key === keyOf(file)
      ? versions.find(({ version }) => version === older.version)
      : undefined;
  const failure = chat !== null && choice.all ? history.failure(chat) : null;

  return (
    <div className="jp-AgentHub-gallery">
      <GalleryBar
        choice={choice}
        isList={isList}
        summary={[
          trans._n('%1 file', '%1 files', found.length),
          size(found.reduce((sum, one) => sum + one.size, 0))
        ].join(' · ')}
        onChoose={change => setChoice({ ...choice, ...change })}
        onList={setList}
        onDown={() => grid.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus()}
      />
      {failure && (
        <p role="alert" className="jp-AgentHub-empty">
          {trans.__('The older versions could not be listed.')} {failure.message} {failure.hint}
        </p>
      )}
      <div className="jp-AgentHub-galleryBody">
        {found.length === 0 ? (
          <p className="jp-AgentHub-empty">
            {trans.__('Nothing that was published fits. Filter by another name, prompt or kind.')}
          </p>
        ) : (
          <ArtifactGrid
            groups={groups}
            query={choice.query.trim()}
            isList={isList}
            selected={selected}
            folded={folded}
            api={model.api}
            rendermime={props.rendermime}
            node={grid}
            onFold={group => setFolded(toggled(folded, group))}
            onSelect={select}
            onPick={target => {
              select(target);
              setOpen(true);
            }}
            onOpen={run(CommandIDs.openArtifact)}
            onPreview={target => {
              select(target);
              setOpen(!isOpen);
            }}
            onCopy={run(CommandIDs.copyArtifactPath)}
            onDelete={run(CommandIDs.deleteArtifact)}
            onMenu={(target, x, y) => openMenu(artifactMenu(commands, target), x, y)}
            onPress={(target, event) =>
              watchDrag(event, event.currentTarget, notebooks, notebook =>
                cellFor(target, model.artifact(target.id) ?? target, notebook)
              )
            }
          />
        )}
        {isOpen && file && (
          <ArtifactPreview
            file={previewed ? atVersion(file, previewed) : file}
            versions={versions}
            position={at + 1}
            count={shown.length}
            model={model}
            commands={commands}
            rendermime={props.rendermime}
            notebooks={notebooks}
            highlighter={props.highlighter}
            onVersion={version => setOlder({ key: keyOf(file), version })}
            onStep={step}
            onClose={() => {
              setOpen(false);
              tileOf(grid.current, file)?.focus();
            }}
          />
        )}
      </div>
    </div>
  );
}

function tileOf(grid: HTMLElement | null, file: Artifact): HTMLElement | undefined {
  const tiles = grid?.querySelectorAll<HTMLElement>('[role="option"]') ?? [];
  return [...tiles].find(tile => tile.dataset.key === keyOf(file));
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const changed = new Set(set);
  if (!changed.delete(key)) {
    changed.add(key);
  }
  return changed;
}
