import React from 'react';

import type { Artifact, ArtifactVersion, HubApi } from '../api';
import { typeOf } from '../artifactkinds';
import type { Highlighter } from '../chatpage/highlighter';
import type { IHunk } from '../chatpage/patch';
import { size } from '../format';
import { trans } from '../translation';
import { hunksBetween, laidOut } from '../versiondiff';
import { PatchView } from './chat/PatchView';
import { useLoaded } from './useloaded';

/** The largest versions that are compared, in bytes. */
const MOST = 2_000_000;

interface IVersionDiffProps {
  file: Artifact;
  /** The older one of the two. */
  before: ArtifactVersion;
  after: ArtifactVersion;
  api: HubApi;
  highlighter: Highlighter;
}

/** What changed between two versions of a text, to read. */
export function VersionDiff(props: IVersionDiffProps): JSX.Element {
  const { file, before, after, api } = props;
  const isSmall = Math.max(before.size, after.size) <= MOST;
  const key = `${file.id} ${before.version} ${after.version}`;
  const { value, error } = useLoaded(isSmall ? key : null, async () => {
    const textOf = async ({ version }: ArtifactVersion) => {
      const text = await (await api.artifactContent(file.id, version)).text();
      return typeOf(file).form === 'json' ? laidOut(text) : text;
    };
    const texts = await Promise.all([textOf(before), textOf(after)]);
    return { hunks: await hunksBetween(...texts) };
  });
  if (!isSmall) {
    return (
      <Note>
        {trans.__('Versions larger than %1 are not compared. Download both instead.', size(MOST))}
      </Note>
    );
  }
  if (error) {
    return (
      <p role="alert">
        {error.message} {error.hint}
      </p>
    );
  }
  if (!value) {
    return <Note>{trans.__('Comparing…')}</Note>;
  }
  const { hunks } = value;
  if (!hunks) {
    return <Note>{trans.__('These versions differ too much to be compared here.')}</Note>;
  }
  if (hunks.length === 0) {
    return <Note>{trans.__('No line differs between these versions.')}</Note>;
  }
  return (
    <>
      <p className="jp-AgentHub-quiet" role="status">
        {trans.__(
          'Version %1 → version %2: +%3 −%4',
          before.version,
          after.version,
          lines(hunks, '+'),
          lines(hunks, '-')
        )}
      </p>
      <PatchView path={file.name} hunks={hunks} highlighter={props.highlighter} />
    </>
  );
}

function Note({ children }: { children: React.ReactNode }): JSX.Element {
  return (
    <p className="jp-AgentHub-quiet" role="status">
      {children}
    </p>
  );
}

function lines(hunks: readonly IHunk[], sign: '+' | '-'): number {
  return hunks.reduce((sum, hunk) => sum + hunk.lines.filter(line => line.sign === sign).length, 0);
}
