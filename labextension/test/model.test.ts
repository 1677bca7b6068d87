import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { summary } from '../src/activity';
import { HubModel } from '../src/model';
import { EventStream, type HubEvent } from '../src/stream';
import { TestServer } from './server';
import { artifact, build, chat, deleted, project, snapshot, STATUS } from './values';

let server: TestServer;
let model: HubModel;
let seq: number;

const until = (claim: () => void) => vi.waitFor(claim, { timeout: 5000, interval: 5 });

function tell(event: Omit<Extract<HubEvent, { type: 'change' }>, 'type' | 'seq'>): void {
  seq += 1;
  server.send({ ...event, type: 'change', seq } as HubEvent);
}

/** A promise, and what resolves it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { opened, open };
}

beforeEach(async () => {
  seq = 10;
  server = await TestServer.start();
  server.greet(() => snapshot({ projects: [project()], chats: [chat()] }));
  const { api } = server;
  const stream = new EventStream(api, { firstDelay: 10, longestDelay: 40 });
  model = new HubModel(api, stream);
  stream.connect();
  await until(() => expect(model.status).not.toBeNull());
});

afterEach(async () => {
  model.dispose();
  await server.stop();
});

describe('HubModel', () => {
  it('follows what the hub says', async () => {
    tell({ kind: 'chat', id: 'c2', value: chat({ id: 'c2', status: 'exited' }) });
    tell({ kind: 'status', id: 'status', value: { ...STATUS, version: '2.0' } });
    tell({ kind: 'chat', id: 'c1', value: null });
    await until(() => expect(model.chats.map(found => found.id)).toEqual(['c2']));
    expect(model.status?.version).toBe('2.0');
  });

  it('lists who waits for the person first, and what works before what is done', async () => {
    const turn = {
      number: 1,
      prompt: '',
      reason: '',
      usage: null,
      queued: 0,
      started_at: null,
      ended_at: null
    };
    for (const [id, status] of [
      ['done', 'completed'],
      ['works', 'running'],
      ['asks', 'waiting']
    ] as const) {
      tell({ kind: 'chat', id, value: chat({ id, turn: { ...turn, status } }) });
    }
    tell({ kind: 'chat', id: 'c1', value: chat({ status: 'exited' }) });
    await until(() =>
      expect(model.chats.map(found => found.id)).toEqual(['asks', 'works', 'done', 'c1'])
    );
  });

  it('lists running chats before those that ended, then the newest', async () => {
    const at = (id: string, status: 'running' | 'exited', created_at: string) =>
      tell({ kind: 'chat', id, value: chat({ id, status, created_at }) });
    at('old', 'running', '2024-01-01T00:00:00Z');
    at('ended', 'exited', '2026-01-01T00:00:00Z');
    at('new', 'running', '2026-01-01T00:00:00Z');
    await until(() =>
      expect(model.chats.map(found => found.id)).toEqual(['new', 'c1', 'old', 'ended'])
    );
  });

  it('shows a new chat before the server has answered', async () => {
    const { opened, open } = gate();
    server.on('POST chats', async () => {
      await opened;
      return { status: 201, body: chat({ id: 'c2', status: 'starting' }) };
    });
    const request = model.addChat({ project: 'p1', agent: 'shell' });
    const row = model.chats.find(found => model.isPending(found.id));
    expect(row).toMatchObject({ status: 'starting', name: 'New Shell chat' });
    open();
    expect((await request)?.id).toBe('c2');
    expect(model.chats.map(found => found.id).sort()).toEqual(['c1', 'c2']);
  });

  it('shows one row where the event is faster than the answer', async () => {
    const { opened, open } = gate();
    server.on('POST chats', async () => {
      await opened;
      return { status: 201, body: chat({ id: 'c2', status: 'starting' }) };
    });
    const request = model.addChat({ project: 'p1' });
    tell({ kind: 'chat', id: 'c2', value: chat({ id: 'c2', status: 'running' }) });
    await until(() => expect(model.chats.map(found => found.id).sort()).toEqual(['c1', 'c2']));
    open();
    await request;
    expect(model.chat('c2')?.status).toBe('running');
  });

  it('keeps the row of a refused chat, with the cause, until it is tried again', async () => {
    const body = { code: 'conflict', message: 'Not now.', hint: 'Wait.', details: {} };
    server.on('POST chats', () => ({ status: 409, body }));
    expect(await model.addChat({ project: 'p1' })).toBeNull();
    const row = model.chats.find(found => model.isPending(found.id))!;
    expect(row).toMatchObject({ status: 'failed', error: { message: 'Not now.' } });

    server.on('POST chats', () => ({ status: 201, body: chat({ id: 'c2' }) }));
    await model.retryChat(row.id);
    expect(model.chats.map(found => found.id).sort()).toEqual(['c1', 'c2']);
  });

  it('asks again with the same key after no answer, and with another one after a refusal', async () => {
    const keys: unknown[] = [];
    const answer = (status: number, body: unknown) =>
      server.on('POST chats', (_, __, headers) => {
        keys.push(headers['idempotency-key']);
        return { status, body };
      });
    answer(502, 'a proxy lost the answer');
    await model.addChat({ project: 'p1' });
    const row = model.chats.find(found => model.isPending(found.id))!;
    answer(409, { code: 'conflict', message: 'Not now.', hint: '' });
    await model.retryChat(row.id);
    answer(201, chat({ id: 'c2' }));
    await model.retryChat(row.id);
    await model.addChat({ project: 'p1' });
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(new Set(keys).size).toBe(3);
  });

  it('forgets a refused chat that is dismissed', async () => {
    server.on('POST chats', () => ({ status: 500, body: 'broken' }));
    await model.addChat({ project: 'p1' });
    model.dismissChat(model.chats.find(found => model.isPending(found.id))!.id);
    expect(model.chats.map(found => found.id)).toEqual(['c1']);
  });

  it('shows what a request is about to bring, and takes it back where it is refused', async () => {
    const { opened, open } = gate();
    server.on('POST chats/c1/stop', async () => {
      await opened;
      return { status: 502, body: { code: 'engine_failed', message: 'No.', hint: '' } };
    });
    const request = model.stopChat('c1');
    expect(model.chat('c1')?.status).toBe('stopping');
    open();
    await expect(request).rejects.toThrow('No.');
    expect(model.chat('c1')?.status).toBe('running');
  });

  it('does not let an old answer overwrite a newer event', async () => {
    server.on('POST chats/c1/stop', () => ({ status: 202, body: chat({ status: 'stopping' }) }));
    tell({ kind: 'chat', id: 'c1', value: chat({ status: 'exited', exit_code: 0 }) });
    await until(() => expect(model.chat('c1')?.status).toBe('exited'));
    await model.stopChat('c1');
    expect(model.chat('c1')?.status).toBe('exited');
  });

  it('tells of an artifact that arrives, and of its new version, but not of those that were there', async () => {
    const told: string[] = [];
    model.artifactAdded.connect((_, { name, version }) => {
      told.push(`${name} ${version}`);
    });
    tell({ kind: 'artifact', id: 'a1', value: artifact() });
    tell({ kind: 'artifact', id: 'a1', value: artifact({ version: 2 }) });
    await until(() => expect(told).toEqual(['loss.png 1', 'loss.png 2']));
    expect(model.artifactsOf('c1')).toHaveLength(1);
  });

  it('starts a chat where the last one was started', async () => {
    const later = '2026-01-01T00:00:00Z';
    tell({ kind: 'project', id: 'p2', value: project({ id: 'p2', name: 'x', created_at: later }) });
    await until(() => expect(model.projects).toHaveLength(2));
    expect(model.currentProject?.id).toBe('p1');
  });

  it('starts a chat in the project of the tab in front', async () => {
    tell({ kind: 'project', id: 'p2', value: project({ id: 'p2', name: 'x' }) });
    await until(() => expect(model.projects).toHaveLength(2));
    model.inFront = 'p2';
    expect(model.currentProject?.id).toBe('p2');
    model.inFront = 'c1';
    expect(model.currentProject?.id).toBe('p1');
    model.inFront = null;
    expect(model.currentProject?.id).toBe('p1');
  });

  it('starts no chat where none can, while another project is ready', async () => {
    tell({ kind: 'project', id: 'p2', value: project({ id: 'p2', build: build() }) });
    await until(() => expect(model.projects).toHaveLength(2));
    expect(model.currentProject?.id).toBe('p2');
  });

  it('tells what changed, one thing at a time', async () => {
    const told: string[] = [];
    model.changed.connect((_, { kind, id }) => {
      told.push(`${kind} ${id}`);
    });
    tell({ kind: 'project', id: 'p1', value: project({ name: 'other' }) });
    tell({ kind: 'chat', id: 'c1', value: chat({ name: 'other' }) });
    await until(() => expect(told).toEqual(['project p1', 'chat c1']));
  });

  it('counts chats by their state', async () => {
    tell({ kind: 'chat', id: 'c2', value: chat({ id: 'c2', status: 'queued' }) });
    tell({ kind: 'chat', id: 'c3', value: chat({ id: 'c3' }) });
    tell({ kind: 'chat', id: 'c1', value: null });
    tell({ kind: 'chat', id: 'c2', value: chat({ id: 'c2', status: 'running' }) });
    await until(() => expect(model.count('ready')).toBe(2));
    expect(model.count('queued')).toBe(0);
  });

  it('counts no chat as running whose agent waits, has done what it was asked, or was asked nothing', async () => {
    const at = { started_at: null, ended_at: null };
    const turn = { number: 1, prompt: 'x', reason: '', usage: null, queued: 0, ...at };
    expect(summary(model)).toBe('No agent is working');
    tell({ kind: 'chat', id: 'c1', value: chat({ prompt: 'x' }) });
    await until(() => expect(summary(model)).toBe('1 running'));
    for (const [status, words] of [
      ['running', '1 running'],
      ['waiting', '1 waiting for you'],
      ['completed', 'No agent is working'],
      ['failed', 'No agent is working']
    ] as const) {
      tell({ kind: 'chat', id: 'c1', value: chat({ turn: { ...turn, status } }) });
      await until(() => expect(summary(model)).toBe(words));
    }
  });

  it('knows no outage while all is well, and since when there is one', async () => {
    expect(model.outage).toBeNull();
    const away = { ...STATUS.engine, reachable: false, checked_at: '2025-01-01T13:00:00Z' };
    tell({ kind: 'status', id: 'status', value: { ...STATUS, engine: away } });
    await until(() =>
      expect(model.outage).toEqual({
        kind: 'engine',
        since: '2025-01-01T13:00:00Z',
        reason: 'Docker does not answer'
      })
    );
    tell({ kind: 'status', id: 'status', value: STATUS });
    await until(() => expect(model.outage).toBeNull());
  });

  it('keeps its chats through an outage of the hub, and is well again by itself', async () => {
    const before = new Date().toISOString();
    server.hasSocket = false;
    server.cut();
    await until(() => expect(model.outage?.kind).toBe('hub'));
    expect(model.chats).toHaveLength(1);
    const { since } = model.outage!;
    expect(since >= before).toBe(true);
    server.hasSocket = true;
    await until(() => expect(model.outage).toBeNull());
  });

  it('lists what is kept of deleted chats, after each deletion anew', async () => {
    server.on('GET deleted', () => ({ body: [deleted()] }));
    tell({ kind: 'chat', id: 'c1', value: null });
    await until(() => expect(model.deleted.values).toHaveLength(1));
    server.on('POST deleted/c1/restore', () => ({ body: chat({ status: 'exited' }) }));
    expect((await model.deleted.restore('c1')).status).toBe('exited');
    expect(model.deleted.values).toEqual([]);
  });
});
