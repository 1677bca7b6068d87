import type { Artifact } from './api';
import { trans } from './translation';

/** What people look for in a gallery. */
export type ArtifactKind =
  'image' | 'document' | 'table' | 'data' | 'notebook' | 'code' | 'media' | 'other';

/** How a file is shown. */
export type ArtifactForm =
  | 'picture'
  | 'markdown'
  | 'html'
  | 'json'
  | 'table'
  | 'parquet'
  | 'notebook'
  | 'pdf'
  | 'video'
  | 'audio'
  | 'text'
  | 'none';

export interface IArtifactType {
  kind: ArtifactKind;
  form: ArtifactForm;
  /** What it is called: a name of its own, or one of `WORDS`. */
  word: string;
  /** What a browser may take the bytes for: ours to say, as an agent named the file. */
  mime: string;
  /** What its text is highlighted as. */
  language?: string;
}

export const KINDS: readonly { value: ArtifactKind | 'all'; label: () => string }[] = [
  { value: 'all', label: () => trans.__('All kinds') },
  { value: 'image', label: () => trans.__('Images') },
  { value: 'document', label: () => trans.__('Documents') },
  { value: 'table', label: () => trans.__('Tables') },
  { value: 'data', label: () => trans.__('Data') },
  { value: 'notebook', label: () => trans.__('Notebooks') },
  { value: 'code', label: () => trans.__('Code') },
  { value: 'media', label: () => trans.__('Video and audio') },
  { value: 'other', label: () => trans.__('Other') }
];

/** The words among what files are called; all else is a name, the same in every language. */
const WORDS: Readonly<Record<string, () => string>> = {
  image: () => trans.__('image'),
  video: () => trans.__('video'),
  audio: () => trans.__('audio'),
  text: () => trans.__('text'),
  log: () => trans.__('log'),
  patch: () => trans.__('patch'),
  'JSON lines': () => trans.__('JSON lines'),
  notebook: () => trans.__('notebook'),
  shell: () => trans.__('shell'),
  file: () => trans.__('file')
};

const picture = (mime: string): IArtifactType => ({
  kind: 'image',
  form: 'picture',
  word: 'image',
  mime
});

const code = (language: string, word: string): IArtifactType => ({
  kind: 'code',
  form: 'text',
  word,
  mime: 'text/plain',
  language
});

const table = (word: string): IArtifactType => ({
  kind: 'table',
  form: 'table',
  word,
  mime: 'text/plain'
});

const data = (word: string, form: ArtifactForm = 'none'): IArtifactType => ({
  kind: 'data',
  form,
  word,
  mime: 'text/plain'
});

const video = (mime: string): IArtifactType => ({
  kind: 'media',
  form: 'video',
  word: 'video',
  mime
});

const audio = (mime: string): IArtifactType => ({
  kind: 'media',
  form: 'audio',
  word: 'audio',
  mime
});

const text = (word: string, language?: string): IArtifactType => ({
  kind: 'document',
  form: 'text',
  word,
  mime: 'text/plain',
  language
});

const TYPES: Readonly<Record<string, IArtifactType>> = {
  png: picture('image/png'),
  jpg: picture('image/jpeg'),
  jpeg: picture('image/jpeg'),
  gif: picture('image/gif'),
  webp: picture('image/webp'),
  avif: picture('image/avif'),
  bmp: picture('image/bmp'),
  // Shown by <img> alone, in which no script of it runs.
  svg: { ...picture('image/svg+xml'), word: 'SVG' },
  md: {
    kind: 'document',
    form: 'markdown',
    word: 'Markdown',
    mime: 'text/plain'
  },
  html: { kind: 'document', form: 'html', word: 'HTML', mime: 'text/plain' },
  htm: { kind: 'document', form: 'html', word: 'HTML', mime: 'text/plain' },
  pdf: { kind: 'document', form: 'pdf', word: 'PDF', mime: 'application/pdf' },
  txt: text('text'),
  log: text('log'),
  tex: text('LaTeX', 'latex'),
  rst: text('text'),
  diff: text('patch', 'diff'),
  patch: text('patch', 'diff'),
  csv: table('CSV'),
  tsv: table('TSV'),
  parquet: { ...table('Parquet'), form: 'parquet' },
  json: data('JSON', 'json'),
  geojson: data('JSON', 'json'),
  jsonl: { ...data('JSON lines', 'text'), language: 'json' },
  ndjson: { ...data('JSON lines', 'text'), language: 'json' },
  yaml: { ...data('YAML', 'text'), language: 'yaml' },
  yml: { ...data('YAML', 'text'), language: 'yaml' },
  toml: { ...data('TOML', 'text'), language: 'toml' },
  xml: { ...data('XML', 'text'), language: 'xml' },
  npy: data('NumPy'),
  npz: data('NumPy'),
  ipynb: {
    kind: 'notebook',
    form: 'notebook',
    word: 'notebook',
    mime: 'text/plain'
  },
  py: code('python', 'Python'),
  r: code('r', 'R'),
  jl: code('julia', 'Julia'),
  js: code('javascript', 'JavaScript'),
  ts: code('typescript', 'TypeScript'),
  sh: code('bash', 'shell'),
  sql: code('sql', 'SQL'),
  c: code('c', 'C'),
  cpp: code('cpp', 'C++'),
  rs: code('rust', 'Rust'),
  go: code('go', 'Go'),
  java: code('java', 'Java'),
  css: code('css', 'CSS'),
  mp4: video('video/mp4'),
  webm: video('video/webm'),
  mov: video('video/quicktime'),
  mp3: audio('audio/mpeg'),
  wav: audio('audio/wav'),
  ogg: audio('audio/ogg'),
  flac: audio('audio/flac'),
  m4a: audio('audio/mp4')
};

const OTHER: IArtifactType = {
  kind: 'other',
  form: 'none',
  word: 'file',
  mime: 'application/octet-stream'
};

/** What a file is called, in the person's language. */
export function wordOf(word: string): string {
  return WORDS[word]?.() ?? word;
}

/** What a file is, by its name; where that says nothing, by what the hub took it for. */
export function typeOf({ name, media_type }: Pick<Artifact, 'name' | 'media_type'>): IArtifactType {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const known = Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
  return known ?? (media_type.startsWith('text/') ? text('text') : OTHER);
}

/** What stands between the values of a table in text. */
export function delimiterOf({ name }: Pick<Artifact, 'name'>): string {
  return name.toLowerCase().endsWith('.tsv') ? '\t' : ',';
}

/** Whether a file is made of lines, of which two versions can be compared. */
export function hasLines(file: Pick<Artifact, 'name' | 'media_type'>): boolean {
  const { form, word } = typeOf(file);
  return word === 'SVG' || LINES.includes(form);
}

const LINES: readonly ArtifactForm[] = ['markdown', 'html', 'json', 'table', 'notebook', 'text'];
