import React, { useState } from 'react';
import type { CommandRegistry } from '@lumino/commands';

import type { Artifact } from '../../api';
import { iconOfFile } from '../../artifacticon';
import { typeOf } from '../../artifactkinds';
import { size } from '../../format';
import { keyOf } from '../../gallery';
import type { HubModel } from '../../model';
import { CommandIDs } from '../../tokens';
import { trans } from '../../translation';
import { Picture } from '../Picture';
import { useSeen } from '../useseen';

/** How many are shown at first. */
const MOST = 3;

/** The largest picture that is fetched to be shown small, in bytes. */
const MOST_BYTES = 8_000_000;

interface IThumbnailsProps {
  artifacts: readonly Artifact[];
  model: HubModel;
  commands: CommandRegistry;
}

/** What was published in a turn, small. */
export function Thumbnails(props: IThumbnailsProps): JSX.Element {
  const { artifacts } = props;
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? artifacts : artifacts.slice(0, MOST);
  const left = artifacts.length - shown.length;
  return (
    <div
      className="jp-AgentHub-thumbnails"
      role="group"
      aria-label={trans._p('files', 'Published')}
    >
      {shown.map(artifact => (
        <Thumbnail key={keyOf(artifact)} artifact={artifact} {...props} />
      ))}
      {left > 0 && (
        <button
          type="button"
          className="jp-AgentHub-link"
          aria-label={trans._n('Show %1 more artifact', 'Show %1 more artifacts', left)}
          onClick={() => setWhole(true)}
        >
          {trans._n('%1 more', '%1 more', left)}
        </button>
      )}
    </div>
  );
}

function Thumbnail(props: IThumbnailsProps & { artifact: Artifact }): JSX.Element {
  const { artifact, model, commands } = props;
  const [node, isSeen] = useSeen<HTMLSpanElement>();
  const isPicture = typeOf(artifact).form === 'picture' && artifact.size <= MOST_BYTES;
  const isNewest = (model.artifact(artifact.id) ?? artifact).version === artifact.version;
  const Icon = iconOfFile(artifact);
  const sign = <Icon.react tag="span" />;
  return (
    <button
      type="button"
      className="jp-AgentHub-thumbnail"
      title={isNewest ? artifact.path : trans.__('%1: opens its newest version', artifact.path)}
      onClick={() => void commands.execute(CommandIDs.openArtifact, { artifact: artifact.id })}
    >
      <span ref={node} className="jp-AgentHub-thumbnailPicture">
        {isPicture && isSeen ? (
          <Picture
            key={keyOf(artifact)}
            file={artifact}
            api={model.api}
            alt=""
            fallback={() => sign}
          />
        ) : (
          sign
        )}
      </span>
      <span className="jp-AgentHub-thumbnailName">{artifact.name}</span>
      <span className="jp-AgentHub-quiet">
        {trans.__('v%1', artifact.version)} · {size(artifact.size)}
      </span>
    </button>
  );
}
