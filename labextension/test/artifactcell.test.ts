import { describe, expect, it } from 'vitest';

import { cellFor } from '../src/artifactcell';
import { artifact } from './values';

const NOTEBOOK = 'notes/today.ipynb';

function cell(name: string): string {
  const file = artifact({ name, path: `agent-hub/widgets/${name}` });
  return cellFor(file, file, NOTEBOOK);
}

describe('the cell of a published file', () => {
  it('reaches it from where the notebook is', () => {
    expect(cell('loss.png')).toContain('Image(filename="../agent-hub/widgets/loss.png")');
    expect(cell('a.csv')).toContain('pd.read_csv("../agent-hub/widgets/a.csv")');
    expect(cell('a.parquet')).toContain('pd.read_parquet(');
  });

  it('never shows what could run', () => {
    for (const name of ['a.html', 'a.md', 'a.js']) {
      expect(cell(name)).toContain('print(');
    }
  });

  it('holds a name as text, whatever is in it', () => {
    expect(cell('"); import os #.csv')).toContain(
      'read_csv("../agent-hub/widgets/\\"); import os #.csv")'
    );
  });

  it('holds a name in one line, also where more than Python ends lines', () => {
    // What IPython would make of the second line closes the literal, and runs what stands behind it.
    for (const end of ['\u2028', '\u2029', '\u0085', '\u{e0001}']) {
      expect(cell(`a)${end}b=!x");print(6*7)#.csv`)).toMatch(/^[\x20-\x7e\n]+$/);
    }
    expect(cell('a\u2028b.csv')).toContain('widgets/a\\u2028b.csv');
    expect(cell('a\u{e0001}b.csv')).toContain('widgets/a\\U000e0001b.csv');
    expect(cell('é 💫.csv')).toContain('widgets/é 💫.csv');
  });

  it('asks the hub for an older version, of which there is no file', () => {
    const newest = artifact({ id: 'f00', chat: 'c0', version: 3 });
    expect(cellFor({ ...newest, version: 2 }, newest, NOTEBOOK)).toContain(
      '.artifacts["f00"].at(2)'
    );
  });
});
