import type { PartialJSONObject, PartialJSONValue } from '@lumino/coreutils';

import { beginning } from './chatpage/cut';

/** The most cells that a preview has. */
export const MOST_CELLS = 40;

/** The most outputs of all its cells together. */
const MOST_OUTPUTS = 100;

/** The most characters of a cell, or of an output that is text. */
const MOST_CHARACTERS = 20_000;

/**
 * What of an output is shown, the best first.
 *
 * No other: a renderer that somebody has installed may fetch what the data name, or run what is in them, and says of
 * itself that it is safe where a person made the notebook.
 */
const MIMES = [
  'text/html',
  'text/markdown',
  'text/latex',
  'image/png',
  'image/jpeg',
  'image/gif',
  'application/json',
  'text/plain'
];

/** A cell as it is shown. */
export interface IPreviewCell {
  isMarkdown: boolean;
  source: string;
  outputs: IPreviewOutput[];
}

export interface IPreviewOutput {
  mime: string;
  text: string;
  /** Of JSON, in place of a text. */
  json?: PartialJSONValue;
}

/** A notebook to be read: its first cells with their outputs, and how much of each there is beside. */
export interface INotebookPreview {
  cells: IPreviewCell[];
  moreCells: number;
  moreOutputs: number;
}

export function previewOf(notebook: PartialJSONValue): INotebookPreview {
  const all = listOf(objectOf(notebook).cells);
  let room = MOST_OUTPUTS;
  let moreOutputs = 0;
  const cells = all
    .slice(0, MOST_CELLS)
    .map(objectOf)
    .map(cell => {
      const outputs = listOf(cell.outputs);
      const shown = outputs.slice(0, room);
      room -= shown.length;
      moreOutputs += outputs.length - shown.length;
      return {
        isMarkdown: cell.cell_type === 'markdown',
        source: lines(cell.source),
        outputs: shown
          .map(objectOf)
          .map(outputOf)
          .filter(output => output !== null)
      };
    });
  return { cells, moreCells: all.length - cells.length, moreOutputs };
}

function outputOf(output: PartialJSONObject): IPreviewOutput | null {
  if (output.output_type === 'stream') {
    return { mime: 'text/plain', text: lines(output.text) };
  }
  if (output.output_type === 'error') {
    return { mime: 'text/plain', text: `${lines(output.ename)}: ${lines(output.evalue)}` };
  }
  const bundle = objectOf(output.data);
  const mime = MIMES.find(name => Object.hasOwn(bundle, name));
  if (mime === undefined) {
    return null;
  }
  if (mime === 'application/json') {
    return { mime, text: '', json: bundle[mime] ?? null };
  }
  return { mime, text: mime.startsWith('image/') ? whole(bundle[mime]) : lines(bundle[mime]) };
}

function objectOf(value: PartialJSONValue | undefined): PartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function listOf(value: PartialJSONValue | undefined): PartialJSONValue[] {
  return Array.isArray(value) ? value : [];
}

/** Text, which a notebook may hold as a list of lines. */
function whole(value: PartialJSONValue | undefined): string {
  if (Array.isArray(value)) {
    return value.filter(line => typeof line === 'string').join('');
  }
  return typeof value === 'string' ? value : '';
}

function lines(value: PartialJSONValue | undefined): string {
  const { text, left } = beginning(whole(value), MOST_CHARACTERS);
  return left > 0 ? `${text}\n…` : text;
}
