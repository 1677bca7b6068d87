import React, { useMemo } from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { PartialJSONValue } from '@lumino/coreutils';

import { previewOf } from '../notebookpreview';
import { trans } from '../translation';
import { MarkdownView } from './MarkdownView';
import { MimeView } from './MimeView';

interface INotebookViewProps {
  rendermime: IRenderMimeRegistry;
  notebook: PartialJSONValue;
}

/** A notebook to be read: its cells and their outputs, as far as those are safe without trust. */
export function NotebookView({ rendermime, notebook }: INotebookViewProps): JSX.Element {
  const { cells, moreCells, moreOutputs } = useMemo(() => previewOf(notebook), [notebook]);
  const left = [
    ...(moreCells > 0 ? [trans._n('%1 more cell', '%1 more cells', moreCells)] : []),
    ...(moreOutputs > 0 ? [trans._n('%1 more output', '%1 more outputs', moreOutputs)] : [])
  ];
  return (
    <>
      {cells.map((cell, index) =>
        cell.isMarkdown ? (
          <MarkdownView key={index} rendermime={rendermime} text={cell.source} />
        ) : (
          <div key={index} className="jp-AgentHub-notebookCell">
            <pre>{cell.source}</pre>
            {cell.outputs.map(({ mime, text, json }, number) =>
              mime === 'text/plain' ? (
                <pre key={number}>{text}</pre>
              ) : mime === 'text/markdown' ? (
                <MarkdownView key={number} rendermime={rendermime} text={text} />
              ) : (
                <MimeView key={number} rendermime={rendermime} mime={mime} data={json ?? text} />
              )
            )}
          </div>
        )
      )}
      {cells.length === 0 && (
        <p className="jp-AgentHub-quiet">{trans.__('This notebook has no cells.')}</p>
      )}
      {left.length > 0 && (
        <p className="jp-AgentHub-quiet">{trans.__('There is more: %1.', left.join(', '))}</p>
      )}
    </>
  );
}
