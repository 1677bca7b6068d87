import React from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { PartialJSONObject, PartialJSONValue } from '@lumino/coreutils';

import { trans } from '../translation';
import { MimeView } from './MimeView';

/** The most cells that a preview has. */
const MOST = 40;

interface INotebookViewProps {
  rendermime: IRenderMimeRegistry;
  notebook: PartialJSONValue;
}

/** A notebook to be read: its cells and their outputs, as far as those are safe without trust. */
export function NotebookView({ rendermime, notebook }: INotebookViewProps): JSX.Element {
  const cells = listOf(objectOf(notebook).cells).map(objectOf);
  return (
    <>
      {cells.slice(0, MOST).map((cell, index) =>
        cell.cell_type === 'markdown' ? (
          <MimeView
            key={index}
            rendermime={rendermime}
            mime="text/markdown"
            data={lines(cell.source)}
          />
        ) : (
          <div key={index} className="jp-AgentHub-notebookCell">
            <pre>{lines(cell.source)}</pre>
            {listOf(cell.outputs).map((output, number) => (
              <Output key={number} rendermime={rendermime} output={objectOf(output)} />
            ))}
          </div>
        )
      )}
      {cells.length === 0 && (
        <p className="jp-AgentHub-quiet">{trans.__('This notebook has no cells.')}</p>
      )}
      {cells.length > MOST && (
        <p className="jp-AgentHub-quiet">
          {trans.__('The first %1 of %2 cells.', MOST, cells.length)}
        </p>
      )}
    </>
  );
}

function Output(props: {
  rendermime: IRenderMimeRegistry;
  output: PartialJSONObject;
}): JSX.Element {
  const { rendermime, output } = props;
  if (output.output_type === 'stream') {
    return <pre>{lines(output.text)}</pre>;
  }
  if (output.output_type === 'error') {
    return <pre>{`${lines(output.ename)}: ${lines(output.evalue)}`}</pre>;
  }
  const bundle = objectOf(output.data);
  const mime = rendermime.preferredMimeType(bundle, 'ensure');
  if (mime === undefined) {
    return <></>;
  }
  const value = bundle[mime] ?? '';
  return (
    <MimeView
      rendermime={rendermime}
      mime={mime}
      data={Array.isArray(value) ? lines(value) : value}
    />
  );
}

function objectOf(value: PartialJSONValue | undefined): PartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function listOf(value: PartialJSONValue | undefined): PartialJSONValue[] {
  return Array.isArray(value) ? value : [];
}

/** Text, which a notebook may hold as a list of lines. */
function lines(value: PartialJSONValue | undefined): string {
  if (Array.isArray(value)) {
    return value.filter(line => typeof line === 'string').join('');
  }
  return typeof value === 'string' ? value : '';
}
