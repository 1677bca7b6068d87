import React, { useMemo } from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { isIntricate } from '../intricate';
import { MimeView } from './MimeView';

/** Markdown as Lab draws it; as text where that would take too long. */
export function MarkdownView(props: {
  rendermime: IRenderMimeRegistry;
  text: string;
}): JSX.Element {
  const { rendermime, text } = props;
  const isPlain = useMemo(() => isIntricate(text), [text]);
  return isPlain ? (
    <pre>{text}</pre>
  ) : (
    <MimeView rendermime={rendermime} mime="text/markdown" data={text} />
  );
}
