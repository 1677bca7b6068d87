import { PathExt } from '@jupyterlab/coreutils';

import type { Artifact } from './api';
import { typeOf } from './artifactkinds';

/**
 * Python that shows a published file in a notebook, or loads it.
 *
 * What an agent wrote is never shown as HTML or Markdown: in the output of a cell that was run, a script of it would run.
 *
 * @param newest - The artifact; of an older version there is no file.
 * @param notebook - The notebook's path, as the file browser has it.
 */
export function cellFor(file: Artifact, newest: Artifact, notebook: string): string {
  if (file.version !== newest.version) {
    return `from agent_hub import Hub

Hub().chats[${quoted(file.chat)}].artifacts[${quoted(file.id)}].at(${file.version})`;
  }
  const path = quoted(PathExt.relative(PathExt.dirname(notebook), file.path));
  const { form, word } = typeOf(file);
  switch (word) {
    case 'SVG':
      return shown('SVG', path);
    case 'TSV':
      return loaded('pandas', 'pd', `pd.read_csv(${path}, sep="\\t")`);
    case 'CSV':
      return loaded('pandas', 'pd', `pd.read_csv(${path})`);
    case 'Parquet':
      return loaded('pandas', 'pd', `pd.read_parquet(${path})`);
    case 'NumPy':
      return loaded('numpy', 'np', `np.load(${path})`);
  }
  switch (form) {
    case 'picture':
      return shown('Image', path);
    case 'video':
      return shown('Video', path, ', embed=True');
    case 'audio':
      return shown('Audio', path);
    case 'json':
      return `import json
from pathlib import Path

json.loads(Path(${path}).read_text())`;
    case 'none':
    case 'pdf':
      return `from pathlib import Path

Path(${path})`;
    default:
      return `from pathlib import Path

print(Path(${path}).read_text())`;
  }
}

function shown(name: string, path: string, more = ''): string {
  return `from IPython.display import ${name}

${name}(${name === 'Audio' || name === 'Image' || name === 'SVG' ? 'filename=' : ''}${path}${more})`;
}

function loaded(library: string, name: string, call: string): string {
  return `import ${library} as ${name}

${call}`;
}

/**
 * A text as a literal of Python's, which reads JSON's.
 *
 * IPython looks for commands of its own in each line, and takes more for the end of one than Python does: what stood
 * after a U+2028 in a name would be run. So what cannot be seen is written by its number.
 */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}
