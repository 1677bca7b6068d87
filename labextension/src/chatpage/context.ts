import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { CommandRegistry } from '@lumino/commands';

import type { ArtifactHistory } from '../artifacthistory';
import type { HubModel } from '../model';
import type { Changes } from './changes';
import type { Conversation } from './conversation';
import type { Highlighter } from './highlighter';
import type { Reading } from './reading';

/** What the parts of a chat's page have in common. */
export interface IChatContext {
  /** The id of the chat. */
  readonly chat: string;
  readonly model: HubModel;
  readonly commands: CommandRegistry;
  readonly conversation: Conversation;
  readonly reading: Reading;
  readonly changes: Changes;
  readonly history: ArtifactHistory;
  readonly highlighter: Highlighter;
  /** For what an agent says: trusted with nothing. */
  readonly rendermime: IRenderMimeRegistry;
}
