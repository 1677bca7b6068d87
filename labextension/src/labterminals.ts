import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ITerminal } from '@jupyterlab/terminal';

import type { TerminalColours } from './api';

/** Where Lab keeps what a person set for terminals. */
export const LAB_TERMINAL = '@jupyterlab/terminal-extension:plugin';

/** What a person set for all of Lab's terminals. */
export async function labSettings(
  registry: ISettingRegistry | null
): Promise<Partial<ITerminal.IOptions>> {
  if (!registry) {
    return {};
  }
  try {
    const loaded = await registry.load(LAB_TERMINAL);
    return loaded.composite;
  } catch (reason) {
    console.warn('Lab’s terminal settings could not be read; its defaults are used.', reason);
    return {};
  }
}

/** The colours of Lab's terminals of a theme; null where they are none that a terminal knows. */
export function terminalColours(theme: ITerminal.Theme = 'inherit'): TerminalColours | null {
  switch (theme) {
    case 'light':
      return { foreground: '#000000', background: '#ffffff' };
    case 'dark':
      return { foreground: '#ffffff', background: '#000000' };
  }
  const probe = document.createElement('span');
  probe.style.color = 'var(--jp-ui-font-color0)';
  probe.style.backgroundColor = 'var(--jp-layout-color0)';
  document.body.append(probe);
  const { color, backgroundColor } = getComputedStyle(probe);
  const [foreground, background] = [hex(color), hex(backgroundColor)];
  probe.remove();
  return foreground && background ? { foreground, background } : null;
}

/** A colour as a browser computes it, as `#rrggbb`; null for one of a wider space. */
export function hex(colour: string): string | null {
  const found = /^rgba?\((\d+), (\d+), (\d+)/.exec(colour);
  const parts = found?.slice(1).map(part => Number(part).toString(16).padStart(2, '0'));
  return parts ? `#${parts.join('')}` : null;
}
