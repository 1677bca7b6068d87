import { UUID } from '@lumino/coreutils';

import type { Chat, HubError, NewChat } from './api';

/** The start of the id of a chat that the server has not answered for. */
const PREFIX = 'pending:';

/** A request for a chat. */
export interface IChatRequest {
  /** The id of its row. */
  id: string;
  body: NewChat;
  /** The same whenever the same thing is asked once more, so that the server starts one chat. */
  key: string;
}

interface IRow extends IChatRequest {
  chat: Chat;
  /** The id of the chat that the events brought before the request was answered. */
  settled: string | null;
}

/** Chats that were asked for and not answered, or refused: rows of the list without a chat behind them. */
export class PendingChats {
  static has(id: string): boolean {
    return id.startsWith(PREFIX);
  }

  get ids(): string[] {
    return [...this._rows.keys()];
  }

  /** A row, unless the chat that it stands for is there already. */
  row(id: string, isThere: (id: string) => boolean): Chat | undefined {
    const row = this._rows.get(id);
    return row?.settled && isThere(row.settled) ? undefined : row?.chat;
  }

  /** Add a row for what is about to be asked. */
  add(body: NewChat, name: string, agent: string): IChatRequest {
    const id = `${PREFIX}${(this._count += 1)}`;
    const chat: Chat = {
      id,
      project: body.project,
      name,
      named: true,
      agent,
      model: body.model ?? '',
      prompt: body.prompt ?? '',
      status: 'starting',
      reason: '',
      place: 0,
      error: null,
      exit_code: null,
      mounts: [],
      env: [],
      resources: { cpus: null, memory: null, pids: null, gpus: body.gpus ?? null },
      image: '',
      commit: '',
      container: '',
      thread: '',
      turn: null,
      ask_before: body.ask_before ?? [],
      arguments: [],
      tokens: 0,
      token_budget: body.token_budget ?? null,
      run: null,
      workspace: '',
      created_at: new Date().toISOString(),
      started_at: null,
      ended_at: null
    };
    const row = { id, body, key: UUID.uuid4(), chat, settled: null };
    this._rows.set(id, row);
    return row;
  }

  /** Show a refused row as starting once more; the result is what to ask for. */
  restart(id: string): IChatRequest | null {
    const row = this._rows.get(id);
    if (!row) {
      return null;
    }
    row.chat = { ...row.chat, status: 'starting', error: null };
    return row;
  }

  refuse(id: string, error: HubError): void {
    const row = this._rows.get(id);
    if (row) {
      row.settled = null;
      row.chat = { ...row.chat, status: 'failed', error: error.body };
      if (error.isAnswer) {
        row.key = UUID.uuid4();
      }
    }
  }

  remove(id: string): void {
    this._rows.delete(id);
  }

  /** Let a new chat take the place of the row that asked for it, where its event is faster than the answer. */
  match(chat: Chat): string | null {
    for (const row of this._rows.values()) {
      const waits = row.settled === null && row.chat.status === 'starting';
      if (waits && row.chat.project === chat.project && row.chat.agent === chat.agent) {
        row.settled = chat.id;
        return row.id;
      }
    }
    return null;
  }

  private readonly _rows = new Map<string, IRow>();
  private _count = 0;
}
