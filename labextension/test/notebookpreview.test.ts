import type { PartialJSONObject } from '@lumino/coreutils';
import { describe, expect, it } from 'vitest';

import { previewOf } from '../src/notebookpreview';

function code(...outputs: object[]): object {
  return { cell_type: 'code', source: ['a', ' = 1'], outputs };
}

function preview(...cells: object[]) {
  return previewOf({ cells } as PartialJSONObject);
}

describe('a notebook that an agent wrote', () => {
  it('is read by its cells and outputs', () => {
    const { cells } = preview(
      { cell_type: 'markdown', source: '# Loss' },
      code(
        { output_type: 'stream', text: ['one\n', 'two'] },
        { output_type: 'error', ename: 'KeyError', evalue: "'x'" },
        { output_type: 'display_data', data: { 'image/png': 'iVBO', 'text/plain': '<Figure>' } },
        { output_type: 'execute_result', data: { 'application/json': { a: [1] } } }
      )
    );
    expect(cells[0]).toEqual({ isMarkdown: true, source: '# Loss', outputs: [] });
    expect(cells[1]?.source).toBe('a = 1');
    expect(cells[1]?.outputs).toEqual([
      { mime: 'text/plain', text: 'one\ntwo' },
      { mime: 'text/plain', text: "KeyError: 'x'" },
      { mime: 'image/png', text: 'iVBO' },
      { mime: 'application/json', text: '', json: { a: [1] } }
    ]);
  });

  it('is shown by none of the renderers that fetch or run what is in it', () => {
    const evil = {
      'application/vnd.vegalite.v5+json': { data: { url: 'https://evil.test' } },
      'application/vnd.agent-hub.chat+json': { chat: 'c0' },
      'application/javascript': 'alert(1)',
      'image/svg+xml': '<svg/>'
    };
    const { cells } = preview(
      code(
        { output_type: 'display_data', data: evil },
        { output_type: 'display_data', data: { ...evil, 'text/plain': '<Chart>' } }
      )
    );
    expect(cells[0]?.outputs).toEqual([{ mime: 'text/plain', text: '<Chart>' }]);
  });

  it('is shown as far as a page can be', () => {
    const output = { output_type: 'stream', text: 'x'.repeat(100_000) };
    const { cells, moreCells, moreOutputs } = preview(
      code(...Array.from({ length: 90 }, () => output)),
      code(...Array.from({ length: 90 }, () => output)),
      ...Array.from({ length: 60 }, () => code())
    );
    expect([cells.length, moreCells, moreOutputs]).toEqual([40, 22, 80]);
    expect(cells.flatMap(({ outputs }) => outputs)).toHaveLength(100);
    expect(cells[0]?.outputs[0]?.text.length).toBeLessThan(21_000);
  });

  it.each([null, 1, [], { cells: 1 }, { cells: [null, 1, { outputs: [1, { data: 1 }] }] }])(
    'may be anything: %j',
    value => {
      expect(previewOf(value).cells.flatMap(({ outputs }) => outputs)).toEqual([]);
    }
  );
});
