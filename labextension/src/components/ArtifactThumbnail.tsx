import React, { useState } from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import type { Artifact, HubApi } from '../api';
import { iconOfFile } from '../artifacticon';
import { delimiterOf, typeOf } from '../artifactkinds';
import { delimited } from '../delimited';
import { clockOf } from '../format';
import { keyOf } from '../gallery';
import { Boundary } from './Boundary';
import { HeadTable } from './HeadTable';
import { MimeView } from './MimeView';
import { Picture } from './Picture';
import { useLoaded } from './useloaded';
import { useSeen } from './useseen';

/** The largest picture that is fetched for a thumbnail, in bytes. */
const PICTURE = 10_000_000;

/** How much of a text a thumbnail has room for, in bytes. */
const TEXT = 2_000;

interface IArtifactThumbnailProps {
  file: Artifact;
  api: HubApi;
  rendermime: IRenderMimeRegistry;
}

/** What a file looks like, small; fetched once it comes into view. */
export const ArtifactThumbnail = React.memo((props: IArtifactThumbnailProps): JSX.Element => {
  const { file } = props;
  const [node, isSeen] = useSeen<HTMLDivElement>();
  return (
    <div ref={node} className="jp-AgentHub-tilePicture" aria-hidden="true">
      {isSeen && (
        <Boundary key={keyOf(file)} fallback={<Sign file={file} />}>
          <Thumbnail {...props} />
        </Boundary>
      )}
    </div>
  );
});
ArtifactThumbnail.displayName = 'ArtifactThumbnail';

function Thumbnail(props: IArtifactThumbnailProps): JSX.Element {
  const { file, api } = props;
  const type = typeOf(file);
  switch (type.form) {
    case 'picture':
      return file.size <= PICTURE ? (
        <Picture file={file} api={api} alt="" fallback={() => <Sign file={file} />} isFixed />
      ) : (
        <Sign file={file} />
      );
    case 'video':
      return <Film address={api.artifactUrl(file.id, file.version)} />;
    case 'markdown':
    case 'table':
    case 'json':
    case 'text':
    case 'html':
    case 'notebook':
      return <Beginning {...props} />;
    default:
      return <Sign file={file} />;
  }
}

function Sign({ file }: { file: Artifact }): JSX.Element {
  const Icon = iconOfFile(file);
  return <Icon.react tag="span" className="jp-AgentHub-sign" />;
}

function Film({ address }: { address: string }): JSX.Element {
  const [seconds, setSeconds] = useState<number>();
  return (
    <>
      <video
        src={address}
        preload="metadata"
        muted
        tabIndex={-1}
        onLoadedMetadata={event => setSeconds(event.currentTarget.duration)}
      />
      <span className="jp-AgentHub-play">▶</span>
      {seconds !== undefined && Number.isFinite(seconds) && (
        <span className="jp-AgentHub-length">{clockOf(seconds)}</span>
      )}
    </>
  );
}

function Beginning({ file, api, rendermime }: IArtifactThumbnailProps): JSX.Element {
  const { form } = typeOf(file);
  const { value, error } = useLoaded(keyOf(file), async () =>
    (await api.artifactContent(file.id, file.version, TEXT)).text()
  );
  if (error) {
    return <Sign file={file} />;
  }
  if (value === undefined) {
    return <></>;
  }
  switch (form) {
    case 'markdown':
      return <MimeView rendermime={rendermime} mime="text/markdown" data={value} />;
    case 'table':
      return (
        <HeadTable rows={delimited(value, delimiterOf(file), 7, file.size <= TEXT)} columns={5} />
      );
    default:
      return <pre>{value}</pre>;
  }
}
