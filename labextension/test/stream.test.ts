import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BuildLog } from '../src/buildlog';
import { EventStream, parseLog, type HubEvent, type IStreamOptions } from '../src/stream';
import { TestServer } from './server';
import { artifact, chat, snapshot, STATUS } from './values';

let server: TestServer;
let stream: EventStream;
let events: HubEvent[];

const FAST: IStreamOptions = { firstDelay: 10, longestDelay: 40, patience: 2, pollInterval: 20 };

function connect(options: IStreamOptions = FAST): void {
  stream = new EventStream(server.api, options);
  events = [];
  stream.event.connect((_, event) => {
    events.push(event);
  });
  stream.connect();
}

const until = (claim: () => void) => vi.waitFor(claim, { timeout: 5000, interval: 5 });

const change = (seq: number): HubEvent => ({
  type: 'change',
  seq,
  kind: 'chat',
  id: 'c1',
  value: chat({ reason: String(seq) })
});

const line = (text: string) => ({ time: '2025-01-01T12:00:00Z', step: 1, text });

beforeEach(async () => {
  server = await TestServer.start();
  server.greet(() => snapshot());
  server.on('GET status', () => ({ body: STATUS }));
  server.on('GET projects', () => ({ body: [] }));
  server.on('GET chats', () => ({ body: [chat()] }));
  server.on('GET chats/c1/artifacts', () => ({ body: [] }));
});

afterEach(async () => {
  stream.dispose();
  await server.stop();
});

describe('EventStream', () => {
  it('brings a snapshot, then changes in order', async () => {
    connect();
    await until(() => expect(stream.state).toBe('live'));
    server.send(change(11));
    server.send(change(12));
    await until(() => expect(events).toHaveLength(3));
    expect(events.map(event => event.type)).toEqual(['snapshot', 'change', 'change']);
  });

  it('leaves out a change that the snapshot holds already', async () => {
    connect();
    await until(() => expect(stream.state).toBe('live'));
    server.send(change(10));
    server.send(change(11));
    await until(() => expect(events).toHaveLength(2));
    expect(events[1]).toMatchObject({ seq: 11 });
  });

  it('asks for a new snapshot after a gap', async () => {
    connect();
    await until(() => expect(stream.state).toBe('live'));
    server.greet(() => snapshot({ seq: 20 }));
    server.send(change(15));
    await until(() => expect(events.at(-1)).toMatchObject({ type: 'snapshot', seq: 20 }));
    expect(events.some(event => event.type === 'change')).toBe(false);
  });

  it('comes back after the socket was cut', async () => {
    connect();
    await until(() => expect(stream.state).toBe('live'));
    server.cut();
    await until(() => expect(stream.state).toBe('connecting'));
    await until(() => expect(stream.state).toBe('live'));
    expect(events.filter(event => event.type === 'snapshot')).toHaveLength(2);
  });

  it('asks over REST while there is no socket, and returns to it', async () => {
    server.hasSocket = false;
    connect();
    await until(() => expect(stream.state).toBe('polling'));
    expect(events[0]).toMatchObject({ type: 'snapshot', chats: [{ id: 'c1' }] });
    server.hasSocket = true;
    await until(() => expect(stream.state).toBe('live'));
  });

  it('asks only some of many chats for their artifacts at once, and all of them in turn', async () => {
    const chats = Array.from({ length: 50 }, (_, index) => chat({ id: `c${index}` }));
    const asked = () =>
      server.requests.filter(found => found.endsWith('/artifacts')).map(found => found.slice(10));
    server.hasSocket = false;
    server.on('GET chats', () => ({ body: chats }));
    for (const { id } of chats) {
      server.on(`GET chats/${id}/artifacts`, () => ({ body: [artifact({ id, chat: id })] }));
    }
    connect();
    await until(() => expect(events).toHaveLength(1));
    expect(events[0]).toMatchObject({ artifacts: { length: 20 } });
    expect(asked().length).toBeLessThan(50);
    await until(() => expect(events.at(-1)).toMatchObject({ artifacts: { length: 50 } }));
    expect(new Set(asked()).size).toBe(50);
  });

  it('says why the hub cannot be had', async () => {
    server.hasSocket = false;
    const body = { code: 'hub_unavailable', message: 'Another hub holds it.', hint: 'Stop it.' };
    server.on('GET status', () => ({ status: 503, body }));
    connect();
    await until(() => expect(stream.state).toBe('offline'));
    expect(stream.failure).toMatchObject({ message: 'Another hub holds it.', status: 503 });
  });

  it('opens no socket once it is disposed', async () => {
    connect();
    await until(() => expect(stream.state).toBe('live'));
    stream.dispose();
    await until(() => expect(server.clients).toBe(0));
    stream.connect();
    expect(server.clients).toBe(0);
  });
});

describe('BuildLog', () => {
  it('subscribes once for two readers and again after a cut', async () => {
    connect();
    await until(() => expect(stream.state).toBe('live'));
    const first = new BuildLog(stream, 'p1');
    const second = new BuildLog(stream, 'p1');
    await until(() => expect(server.messages).toEqual([{ subscribe: 'p1' }]));
    server.cut();
    await until(() => expect(server.messages).toHaveLength(2));
    first.dispose();
    second.dispose();
    await until(() => expect(server.messages.at(-1)).toEqual({ unsubscribe: 'p1' }));
  });

  it('keeps a line once that came twice', async () => {
    connect();
    await until(() => expect(stream.state).toBe('live'));
    const log = new BuildLog(stream, 'p1');
    const log1 = { type: 'log', project: 'p1', build: 'b1' } as const;
    server.send({ ...log1, offset: 0, lines: [line('one'), line('two')] });
    server.send({ ...log1, offset: 1, lines: [line('two'), line('three')] });
    await until(() => expect(log.lines.map(found => found.text)).toEqual(['one', 'two', 'three']));
    log.dispose();
  });

  it('begins anew with a new build', async () => {
    connect();
    await until(() => expect(stream.state).toBe('live'));
    const log = new BuildLog(stream, 'p1');
    server.send({ type: 'log', project: 'p1', build: 'b1', offset: 0, lines: [line('old')] });
    server.send({ type: 'log', project: 'p1', build: 'b2', offset: 0, lines: [line('new')] });
    await until(() => expect(log.lines.map(found => found.text)).toEqual(['new']));
    log.dispose();
  });

  it('reads the log over REST while there is no socket', async () => {
    server.hasSocket = false;
    server.on('GET projects/p1/build/log', () => ({
      body: '2025-01-01T12:00:00Z 2 \u001b[32mgreen\u001b[0m\n'
    }));
    connect();
    const log = new BuildLog(stream, 'p1');
    await until(() => expect(log.lines).toHaveLength(1));
    expect(log.text).toBe('2025-01-01T12:00:00Z green\n');
    log.dispose();
  });
});

describe('parseLog', () => {
  it('takes a line apart into time, step and text', () => {
    expect(parseLog('2025-01-01T12:00:00Z 4 + pip install -e .\n')).toEqual([
      { time: '2025-01-01T12:00:00Z', step: 4, text: '+ pip install -e .' }
    ]);
  });

  it('keeps an empty line and one of another form', () => {
    expect(parseLog('2025-01-01T12:00:00Z 4 \nodd\n').map(found => found.text)).toEqual([
      '',
      'odd'
    ]);
  });
});
