import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { announcer } from './plugins/announcer';
import { approvals } from './plugins/approvals';
import { artifacts } from './plugins/artifacts';
import { attention } from './plugins/attention';
import { builds } from './plugins/builds';
import { chats } from './plugins/chats';
import { colours } from './plugins/colours';
import { connections } from './plugins/connections';
import { deleting } from './plugins/deleting';
import { gallery } from './plugins/gallery';
import { hub } from './plugins/hub';
import { launcher } from './plugins/launcher';
import { manyChats } from './plugins/manychats';
import { notebooks } from './plugins/notebooks';
import { palette } from './plugins/palette';
import { panel } from './plugins/panel';
import { projects } from './plugins/projects';
import { running } from './plugins/running';
import { statusbar } from './plugins/statusbar';
import { terminals } from './plugins/terminals';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  hub,
  panel,
  projects,
  builds,
  chats,
  approvals,
  attention,
  connections,
  deleting,
  manyChats,
  terminals,
  colours,
  artifacts,
  gallery,
  launcher,
  notebooks,
  palette,
  statusbar,
  running,
  announcer
] as JupyterFrontEndPlugin<unknown>[];

export default plugins;
