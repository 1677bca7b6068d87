import type { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { NewsKind } from './chatnews';

/** What a person may set, as the schema has it by default. */
interface IValues {
  defaultAgent: string;
  notifyWaiting: boolean;
  notifyFinished: boolean;
  notifyFailed: boolean;
}

const DEFAULTS: IValues = {
  defaultAgent: 'codex',
  notifyWaiting: true,
  notifyFinished: true,
  notifyFailed: true
};

const NOTIFY = {
  waiting: 'notifyWaiting',
  finished: 'notifyFinished',
  failed: 'notifyFailed'
} as const satisfies Record<NewsKind, keyof IValues>;

/** The person's settings: read whenever they are needed, so that a change works at once. */
export class HubSettings {
  /** The agent that the form of a new project begins with. */
  get defaultAgent(): string {
    return this._value('defaultAgent');
  }

  /** Whether the person wants to be told of such news. */
  isTold(kind: NewsKind): boolean {
    return this._value(NOTIFY[kind]);
  }

  /** Take what Lab has read. */
  use(settings: ISettingRegistry.ISettings): void {
    this._settings = settings;
  }

  private _value<K extends keyof IValues>(name: K): IValues[K] {
    const value = this._settings?.composite[name];
    return typeof value === typeof DEFAULTS[name] ? (value as IValues[K]) : DEFAULTS[name];
  }

  private _settings: ISettingRegistry.ISettings | null = null;
}
