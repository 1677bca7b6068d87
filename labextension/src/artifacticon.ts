import {
  fileIcon,
  html5Icon,
  imageIcon,
  jsonIcon,
  markdownIcon,
  notebookIcon,
  pdfIcon,
  pythonIcon,
  spreadsheetIcon,
  textEditorIcon,
  type LabIcon
} from '@jupyterlab/ui-components';

import type { Artifact } from './api';
import { typeOf, type ArtifactForm } from './artifactkinds';
import { audioIcon, videoIcon } from './icons';

const ICONS: Readonly<Record<ArtifactForm, LabIcon>> = {
  picture: imageIcon,
  markdown: markdownIcon,
  html: html5Icon,
  json: jsonIcon,
  table: spreadsheetIcon,
  parquet: spreadsheetIcon,
  notebook: notebookIcon,
  pdf: pdfIcon,
  video: videoIcon,
  audio: audioIcon,
  text: textEditorIcon,
  none: fileIcon
};

/** The icon of a file, as Lab's own file browser has it. */
export function iconOfFile(file: Pick<Artifact, 'name' | 'media_type'>): LabIcon {
  const { form, kind, language } = typeOf(file);
  if (language === 'python') {
    return pythonIcon;
  }
  return kind === 'table' ? spreadsheetIcon : ICONS[form];
}
