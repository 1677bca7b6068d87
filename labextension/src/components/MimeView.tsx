import React, { useLayoutEffect, useRef, useState } from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { PartialJSONValue } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';

import { trans } from '../translation';

interface IMimeViewProps {
  rendermime: IRenderMimeRegistry;
  mime: string;
  data: PartialJSONValue;
}

/** What Lab itself shows for data of a MIME type; never trusted, so that nothing in it runs. */
export function MimeView({ rendermime, mime, data }: IMimeViewProps): JSX.Element {
  const node = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState('');
  // Lumino takes a widget only from a page that it is still in.
  useLayoutEffect(() => {
    setProblem('');
    if (!rendermime.getFactory(mime)) {
      setProblem(trans.__('nothing in this Lab shows %1.', mime));
      return undefined;
    }
    const renderer = rendermime.createRenderer(mime);
    Widget.attach(renderer, node.current!);
    const draw = async () =>
      renderer.renderModel(rendermime.createModel({ data: { [mime]: data }, trusted: false }));
    draw().catch(reason => setProblem(String(reason)));
    return () => renderer.dispose();
  }, [rendermime, mime, data]);
  return (
    <>
      <div ref={node} className="jp-AgentHub-mime" />
      {problem && (
        <p className="jp-AgentHub-quiet">{trans.__('This could not be shown: %1', problem)}</p>
      )}
    </>
  );
}
