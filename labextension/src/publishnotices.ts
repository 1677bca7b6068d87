import { Notification } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';

import type { Artifact } from './api';
import type { HubModel } from './model';
import { CommandIDs } from './tokens';
import { trans } from './translation';

/** How long what a chat publishes is waited for, in milliseconds: Lab draws a change to what it has just drawn too late. */
const GATHERS = 1000;

/** How long a notification stays, in milliseconds; what the chat publishes meanwhile is told in the same one. */
const STAYS = 10_000;

/** What a chat has published of late, and the notification that tells of it. */
interface ITold {
  newest: Artifact;
  /** The ids of all of it. */
  files: Set<string>;
  notification: string;
  at: number;
  isDue: boolean;
}

/** Tells what chats publish: an agent that hands over twenty files at once is told of once. */
export class PublishNotices {
  constructor(model: HubModel, commands: CommandRegistry) {
    this._model = model;
    this._commands = commands;
  }

  tell(artifact: Artifact): void {
    const { chat } = artifact;
    let told = this._told.get(chat);
    if (!told || (!told.isDue && !isThere(told))) {
      told = { newest: artifact, files: new Set(), notification: '', at: 0, isDue: false };
      this._told.set(chat, told);
    }
    told.newest = artifact;
    told.files.add(artifact.id);
    if (!told.isDue) {
      told.isDue = true;
      setTimeout(() => this._show(told), GATHERS);
    }
  }

  private _show(told: ITold): void {
    const title = this._model.chat(told.newest.chat)?.name ?? trans.__('A chat');
    const { message, label, command, args } = words(title, told.newest, told.files.size);
    const options = {
      autoClose: STAYS,
      actions: [{ label, callback: () => void this._commands.execute(command, args) }]
    };
    if (isThere(told)) {
      Notification.update({ id: told.notification, message, ...options });
    } else {
      told.notification = Notification.info(message, options);
    }
    told.at = Date.now();
    told.isDue = false;
  }

  private readonly _model: HubModel;
  private readonly _commands: CommandRegistry;
  private readonly _told = new Map<string, ITold>();
}

function isThere(told: ITold): boolean {
  return Date.now() - told.at < STAYS && Notification.manager.has(told.notification);
}

function words(title: string, { id, chat, name, version }: Artifact, files: number) {
  if (files > 1) {
    return {
      message: trans._n('“%2” published %1 file.', '“%2” published %1 files.', files, title),
      label: trans.__('Show'),
      command: CommandIDs.openArtifacts,
      args: { chat }
    };
  }
  return {
    message:
      version > 1
        ? trans.__('“%1” published %2 (version %3).', title, name, version)
        : trans.__('“%1” published %2.', title, name),
    label: trans.__('Open'),
    command: CommandIDs.openArtifact,
    args: { artifact: id }
  };
}
