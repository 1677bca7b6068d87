import React, { useState } from 'react';

import type { Artifact, HubApi } from '../api';
import { typeOf } from '../artifactkinds';
import { isIntricateDrawing } from '../drawing';
import { keyOf } from '../gallery';
import { trans } from '../translation';
import { useAddress, useLoaded } from './useloaded';

interface IPictureProps {
  file: Artifact;
  api: HubApi;
  alt: string;
  /** In its place, where the bytes are no picture, or one that would stop the page. */
  fallback: (why: string) => JSX.Element;
  /** Whether it is no thing of its own that can be dragged away. */
  isFixed?: boolean;
  onLoad?: (picture: HTMLImageElement) => void;
}

/** A picture, by an element in which nothing of it runs. */
export function Picture(props: IPictureProps): JSX.Element {
  const { file, api } = props;
  const { mime } = typeOf(file);
  const [isBroken, setBroken] = useState(false);
  const { value, error } = useLoaded(keyOf(file), async () => {
    const blob = await api.artifactContent(file.id, file.version);
    const isIntricate = mime === 'image/svg+xml' && isIntricateDrawing(await blob.text());
    return isIntricate ? null : blob;
  });
  const address = useAddress(value ?? undefined, mime);
  if (error) {
    return props.fallback(`${error.message} ${error.hint}`.trim());
  }
  if (value === null) {
    return props.fallback(trans.__('This drawing is too intricate to be shown here.'));
  }
  if (isBroken) {
    return props.fallback(trans.__('These bytes are no picture.'));
  }
  return address ? (
    <img
      src={address}
      alt={props.alt}
      draggable={props.isFixed ? false : undefined}
      onError={() => setBroken(true)}
      onLoad={event => props.onLoad?.(event.currentTarget)}
    />
  ) : (
    <></>
  );
}
