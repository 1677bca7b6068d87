import type { Chat, ErrorBody, NewChat } from './api';

/** The start of the id of a chat that the server has not answered for. */
const PREFIX = 'pending:';

interface IRow {
  chat: Chat;
  body: NewChat;
  /** The id of the chat that the events brought before the request was answered. */
  settled: string | null;
}

/** Chats that were asked for and not answered, or refused: rows of the list without a chat behind them. */
export class PendingChats {
  static has(id: string): boolean {
    return id.startsWith(PREFIX);
  }

  /** The rows, but those whose chat is there already. */
  rows(isThere: (id: string) => boolean): Chat[] {
    return [...this._rows.values()]
      .filter(row => row.settled === null || !isThere(row.settled))
      .map(row => row.chat);
  }

  /** Add a row; the result is its id. */
  add(body: NewChat, name: string, agent: string): string {
    const id = `${PREFIX}${(this._count += 1)}`;
    const chat: Chat = {
      id,
      project: body.project,
      name,
      agent,
      model: body.model ?? '',
      prompt: body.prompt ?? '',
      status: 'starting',
      reason: '',
      error: null,
      exit_code: null,
      mounts: [],
      env: [],
      resources: { cpus: null, memory: null, pids: null, gpus: body.gpus ?? null },
      image: '',
      commit: '',
      container: '',
      thread: '',
      workspace: '',
      created_at: new Date().toISOString(),
      started_at: null,
      ended_at: null
    };
    this._rows.set(id, { chat, body, settled: null });
    return id;
  }

  /** Show a refused row as starting once more; the result is what to ask for. */
  restart(id: string): NewChat | null {
    const row = this._rows.get(id);
    if (!row) {
      return null;
    }
    row.chat = { ...row.chat, status: 'starting', error: null };
    return row.body;
  }

  refuse(id: string, error: ErrorBody): void {
    const row = this._rows.get(id);
    if (row) {
      row.settled = null;
      row.chat = { ...row.chat, status: 'failed', error };
    }
  }

  remove(id: string): void {
    this._rows.delete(id);
  }

  /** Let a new chat take the place of the row that asked for it, where its event is faster than the answer. */
  match(chat: Chat): void {
    for (const row of this._rows.values()) {
      const waits = row.settled === null && row.chat.status === 'starting';
      if (waits && row.chat.project === chat.project && row.chat.agent === chat.agent) {
        row.settled = chat.id;
        return;
      }
    }
  }

  private readonly _rows = new Map<string, IRow>();
  private _count = 0;
}
