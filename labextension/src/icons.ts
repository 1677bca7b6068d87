import { LabIcon, terminalIcon } from '@jupyterlab/ui-components';

/** Lines of one width, coloured by the theme. */
function outline(name: string, shape: string, viewBox = '0 0 16 16'): LabIcon {
  return new LabIcon({
    name: `agent-hub:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="${viewBox}" fill="none"><g class="jp-icon3" stroke="#616161" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round">${shape}</g></svg>`
  });
}

/** A status mark, coloured by the text around it. */
function mark(name: string, shape: string): LabIcon {
  return new LabIcon({
    name: `agent-hub:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${shape}</svg>`
  });
}

export const hubIcon = outline(
  'hub',
  '<path d="M8 1.4 14 4.7v6.6L8 14.6 2 11.3V4.7Z"/><path d="M2.2 4.8 8 8l5.8-3.2M8 8v6.4"/>'
);

export const codexIcon = outline(
  'codex',
  '<rect x="1.4" y="1.9" width="13.2" height="12.2" rx="2.4"/><path d="m4.4 6 2.2 2-2.2 2M8.4 10.6h3"/>'
);

export const agentIcon = outline(
  'agent',
  '<rect x="1.4" y="1.9" width="13.2" height="12.2" rx="2.4"/><path d="M5 6.5h6M5 9.5h4"/>'
);

export const artifactIcon = outline(
  'artifact',
  '<path d="M9.2 1.6H3.6v12.8h8.8V4.8Z"/><path d="M9.2 1.6v3.2h3.2M5.6 11.6l1.7-2.2 1.2 1.4 1-1.1 1.3 1.9"/>'
);

export const chatIcon = outline(
  'chat',
  '<path d="M1.6 2.2h12.8v9H8.6l-3.4 3v-3H1.6Z"/><path d="M4.6 5.4h6.8M4.6 8h4.4"/>'
);

export const gridIcon = outline('grid', '<path d="M2 2h5v5H2ZM9 2h5v5H9ZM2 9h5v5H2ZM9 9h5v5H9Z"/>');

export const videoIcon = outline(
  'video',
  '<rect x="1.6" y="2.6" width="12.8" height="10.8"/><path d="m6.4 5.6 4 2.4-4 2.4Z"/>'
);

export const audioIcon = outline(
  'audio',
  '<path d="M2 6h2.6L8 3v10L4.6 10H2ZM10.4 5.6a3.4 3.4 0 0 1 0 4.8M12.4 3.6a6.2 6.2 0 0 1 0 8.8"/>'
);

export const branchIcon = outline(
  'branch',
  '<circle cx="4.5" cy="3.2" r="1.6"/><circle cx="4.5" cy="12.8" r="1.6"/><circle cx="11.5" cy="4.8" r="1.6"/><path d="M4.5 4.8v6.4M11.5 6.4c0 2.6-2.2 3.2-5.6 3.8"/>'
);

export const connectionsIcon = outline(
  'connections',
  '<path d="M5.4 1.6v3.2M10.6 1.6v3.2M3.6 4.8h8.8v2.6a4.4 4.4 0 0 1-8.8 0ZM8 11.8v2.8"/>'
);

export const eyeIcon = outline(
  'eye',
  '<path d="M1.4 8S3.8 3.8 8 3.8 14.6 8 14.6 8 12.2 12.2 8 12.2 1.4 8 1.4 8Z"/><circle cx="8" cy="8" r="2"/>'
);

export const runningMark = mark(
  'running',
  '<path d="M8 1.9A6.1 6.1 0 1 1 2.2 6.2" stroke-width="2"/><path d="M2.2 6.2A6.1 6.1 0 0 1 8 1.9" stroke-width="2" opacity=".3"/>'
);

export const startingMark = mark(
  'starting',
  '<circle cx="8" cy="8" r="6.2" stroke-dasharray="1.5 2.4" stroke-width="1.4"/><path d="M8 4.8V8l2 1.3" stroke-width="1.3"/>'
);

export const pendingMark = mark(
  'pending',
  '<circle cx="8" cy="8" r="6.2" stroke-dasharray="1.5 2.4" stroke-width="1.4"/>'
);

export const readyMark = mark('ready', '<path d="m2.6 8.6 3.4 3.4 7.4-8"/>');

export const doneMark = mark(
  'done',
  '<circle cx="8" cy="8" r="6.3" stroke-width="1.4"/><path d="m5.2 8.2 2 2 3.7-4" stroke-width="1.4"/>'
);

export const exitedMark = mark(
  'exited',
  '<circle cx="8" cy="8" r="6.3" stroke-width="1.4"/><rect x="5.8" y="5.8" width="4.4" height="4.4" fill="currentColor" stroke="none"/>'
);

export const failedMark = mark(
  'failed',
  '<circle cx="8" cy="8" r="7" fill="currentColor" stroke="none"/><path class="jp-AgentHub-knockout" d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8"/>'
);

export const warningMark = mark(
  'warning',
  '<path d="M1.5 1.5h13v9.6H9.6L8 14.4l-1.6-3.3H1.5Z" fill="currentColor" stroke="none"/><path class="jp-AgentHub-knockout" d="M8 4v2.6M8 8.9v.1"/>'
);

/** The icon of an agent, by its name. */
export function iconOfAgent(agent: string): LabIcon {
  switch (agent) {
    case 'codex':
      return codexIcon;
    case 'shell':
      return terminalIcon;
    default:
      return agentIcon;
  }
}
