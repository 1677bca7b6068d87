import React, { useMemo } from 'react';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { PartialJSONValue } from '@lumino/coreutils';

import type { Artifact, HubApi } from '../api';
import { delimiterOf, typeOf, wordOf } from '../artifactkinds';
import { beginning } from '../chatpage/cut';
import { delimited } from '../delimited';
import { fenced } from '../fenced';
import { size } from '../format';
import { keyOf } from '../gallery';
import { readParquet } from '../parquet/reading';
import { trans } from '../translation';
import { Boundary } from './Boundary';
import { HeadTable } from './HeadTable';
import { MarkdownView } from './MarkdownView';
import { MimeView } from './MimeView';
import { NotebookView } from './NotebookView';
import { ParquetTable } from './ParquetTable';
import { Picture } from './Picture';
import { useLoaded } from './useloaded';

/** The beginning of a text or a table that is shown, in bytes. */
const HEAD = 64_000;

/** The largest file that is shown as a whole, in bytes. */
const WHOLE = 20_000_000;

/** How much of a table is shown. */
const PREVIEW = { rows: 100, columns: 30 };

/** The largest text that is shown with all its structure, in bytes. */
const STRUCTURED = 2_000_000;

interface IArtifactContentProps {
  file: Artifact;
  api: HubApi;
  rendermime: IRenderMimeRegistry;
  /** Told how large a picture is. */
  onSize: (words: string) => void;
}

/** What a file holds, as far as a page can show it. Nothing that an agent wrote runs in it. */
export function ArtifactContent(props: IArtifactContentProps): JSX.Element {
  return (
    <Boundary
      fallback={
        <p className="jp-AgentHub-quiet">{trans.__('This could not be shown. Open it instead.')}</p>
      }
    >
      <Content {...props} />
    </Boundary>
  );
}

function Content(props: IArtifactContentProps): JSX.Element {
  const { file, api } = props;
  const { form, word } = typeOf(file);
  switch (form) {
    case 'picture':
      return file.size <= WHOLE ? <Whole {...props} /> : <TooLarge />;
    case 'pdf':
      return file.size <= WHOLE ? <Pdf {...props} /> : <TooLarge />;
    case 'video':
      return <video controls src={api.artifactUrl(file.id, file.version)} />;
    case 'audio':
      return <audio controls src={api.artifactUrl(file.id, file.version)} />;
    case 'parquet':
      return <Parquet file={file} api={api} />;
    case 'none':
      return <NoPreview word={word} />;
    default:
      return <Text {...props} />;
  }
}

function NoPreview({ word }: { word: string }): JSX.Element {
  return (
    <p className="jp-AgentHub-quiet">
      {word === 'file'
        ? trans.__('There is no preview of this kind of file.')
        : trans.__('There is no preview of %1 files.', wordOf(word))}
    </p>
  );
}

function Parquet({ file, api }: Pick<IArtifactContentProps, 'file' | 'api'>): JSX.Element {
  const { value, error } = useLoaded(keyOf(file), () => readParquet(file, api, PREVIEW));
  if (error) {
    return <Failure message={error.message} hint={error.hint} />;
  }
  return value ? <ParquetTable head={value} columns={PREVIEW.columns} /> : <Loading />;
}

function TooLarge(): JSX.Element {
  return (
    <p className="jp-AgentHub-quiet">
      {trans.__('This is larger than %1. Open it instead.', size(WHOLE))}
    </p>
  );
}

function Whole({ file, api, onSize }: IArtifactContentProps): JSX.Element {
  return (
    <Picture
      file={file}
      api={api}
      alt={file.name}
      fallback={why => <p className="jp-AgentHub-quiet">{why}</p>}
      onLoad={({ naturalWidth: width, naturalHeight: height }) =>
        onSize(width > 0 ? trans.__('%1 × %2 px', width, height) : '')
      }
    />
  );
}

function Loading(): JSX.Element {
  return <p className="jp-AgentHub-quiet">{trans.__('Loading…')}</p>;
}

function Failure({ message, hint }: { message: string; hint: string }): JSX.Element {
  return (
    <p role="alert">
      {message} {hint}
    </p>
  );
}

function Pdf({ file, api, rendermime }: IArtifactContentProps): JSX.Element {
  const { value, error } = useLoaded(keyOf(file), async () =>
    base64(await api.artifactContent(file.id, file.version))
  );
  if (error) {
    return <Failure message={error.message} hint={error.hint} />;
  }
  return value === undefined ? (
    <Loading />
  ) : (
    <div className="jp-AgentHub-pdf">
      <MimeView rendermime={rendermime} mime="application/pdf" data={value} />
    </div>
  );
}

function Text(props: IArtifactContentProps): JSX.Element {
  const { file, api } = props;
  const { form } = typeOf(file);
  const isStructured = ['html', 'json', 'notebook'].includes(form);
  const most = isStructured && file.size <= STRUCTURED ? STRUCTURED : HEAD;
  const { value, error } = useLoaded(keyOf(file), async () =>
    (await api.artifactContent(file.id, file.version, most)).text()
  );
  if (error) {
    return <Failure message={error.message} hint={error.hint} />;
  }
  return value === undefined ? (
    <Loading />
  ) : (
    <>
      <TextBody {...props} text={value} />
      {file.size > most && (
        <p className="jp-AgentHub-quiet">
          {trans.__('The first %1 of %2.', size(most), size(file.size))}
        </p>
      )}
    </>
  );
}

function TextBody(props: IArtifactContentProps & { text: string }): JSX.Element {
  const { file, rendermime, text } = props;
  const { form, language } = typeOf(file);
  const isWhole = file.size <= STRUCTURED;
  const json = useMemo(
    () => (isWhole && (form === 'json' || form === 'notebook') ? parsed(text) : undefined),
    [form, isWhole, text]
  );
  if (form === 'html') {
    // An origin of its own, no scripts, and nothing from the network.
    return <iframe title={file.name} sandbox="" srcDoc={`${POLICY}${text}`} />;
  }
  if (form === 'markdown') {
    return <MarkdownView rendermime={rendermime} text={text} />;
  }
  if (form === 'table') {
    return (
      <HeadTable
        rows={delimited(text, delimiterOf(file), PREVIEW.rows + 1, file.size <= HEAD)}
        columns={PREVIEW.columns}
      />
    );
  }
  if (form === 'json' && json !== undefined) {
    return <MimeView rendermime={rendermime} mime="application/json" data={json} />;
  }
  if (form === 'notebook' && json !== undefined) {
    return <NotebookView rendermime={rendermime} notebook={json} />;
  }
  // What is not what its name says may be as long as that could have been.
  const { text: head, left } = beginning(text, HEAD);
  return (
    <>
      {language || form !== 'text' ? (
        <MimeView
          rendermime={rendermime}
          mime="text/markdown"
          data={fenced(head, language ?? 'json')}
        />
      ) : (
        <pre>{head}</pre>
      )}
      {left > 0 && (
        <p className="jp-AgentHub-quiet">
          {trans._n('And %1 more character.', 'And %1 more characters.', left)}
        </p>
      )}
    </>
  );
}

const POLICY =
  '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; media-src data:; ' +
  "font-src data:; style-src 'unsafe-inline'\">";

/** A value of JSON; undefined where it is none. */
function parsed(text: string): PartialJSONValue | undefined {
  try {
    return JSON.parse(text) as PartialJSONValue;
  } catch (reason) {
    if (reason instanceof SyntaxError) {
      return undefined;
    }
    throw reason;
  }
}

async function base64(blob: Blob): Promise<string> {
  const address = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () =>
      reject(reader.error ?? new Error(trans.__('The file could not be read.')));
    reader.readAsDataURL(blob);
  });
  return address.slice(address.indexOf(',') + 1);
}
