import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Conversation } from '../src/chatpage/conversation';
import { EventStream } from '../src/stream';
import { TestServer } from './server';
import { command, message, snapshot, turn } from './values';

let server: TestServer;
let stream: EventStream;
let conversation: Conversation;

const until = (claim: () => void) => vi.waitFor(claim, { timeout: 5000, interval: 5 });

const texts = () =>
  conversation.turns.map(({ turn }) => turn.items.map(({ text }) => text).join(' '));

beforeEach(async () => {
  server = await TestServer.start();
  server.greet(() => snapshot());
  stream = new EventStream(server.api, { firstDelay: 10, longestDelay: 20 });
  conversation = new Conversation(server.api, stream, 'c1');
  stream.connect();
  await until(() => expect(stream.state).toBe('live'));
  conversation.follow();
  await until(() => expect(server.messages).toContainEqual({ follow: 'c1' }));
});

afterEach(async () => {
  conversation.dispose();
  stream.dispose();
  await server.stop();
});

describe('a conversation', () => {
  it('has the turns that it is told of, and what happens in them', async () => {
    server.send({ type: 'conversation', chat: 'c1', turns: [turn({ items: [message()] })] });
    server.send({
      type: 'followed',
      chat: 'c1',
      event: { type: 'text', number: 1, item: 'm1', text: ' and a crane' }
    });
    server.send({
      type: 'followed',
      chat: 'c1',
      event: { type: 'turn', turn: turn({ number: 2 }) }
    });
    await until(() => expect(texts()).toEqual(['A heron and a crane', '']));
  });

  it('takes nothing of another chat', async () => {
    server.send({ type: 'conversation', chat: 'c2', turns: [turn({ chat: 'c2' })] });
    server.send({ type: 'conversation', chat: 'c1', turns: [] });
    await until(() => expect(conversation.isKnown).toBe(true));
    expect(conversation.turns).toEqual([]);
  });

  it('asks for what happened in a turn that had ended, once', async () => {
    const ended = turn({ status: 'completed' });
    server.on('GET chats/c1/turns/1', () => ({ body: { ...ended, items: [command()] } }));
    server.send({ type: 'conversation', chat: 'c1', turns: [ended] });
    await until(() => expect(conversation.turns[0]?.items).toBe('heads'));
    await Promise.all([conversation.load(1), conversation.load(1)]);
    await conversation.load(1);
    expect(conversation.turns[0]).toMatchObject({ items: 'whole', turn: { items: [command()] } });
    expect(server.requests.filter(request => request.includes('turns/1'))).toHaveLength(1);
  });

  it('says why what happened cannot be had, and asks again', async () => {
    const ended = turn({ status: 'completed' });
    const error = { code: 'gone', message: 'It cannot be read.', hint: '' };
    server.on('GET chats/c1/turns/1', () => ({ status: 500, body: error }));
    server.send({ type: 'conversation', chat: 'c1', turns: [ended] });
    await until(() => expect(conversation.turns).toHaveLength(1));
    await conversation.load(1);
    expect(conversation.turns[0]).toMatchObject({ items: 'failed', problem: 'It cannot be read.' });
    server.on('GET chats/c1/turns/1', () => ({ body: { ...ended, items: [command()] } }));
    await conversation.load(1);
    expect(conversation.turns[0]?.items).toBe('whole');
  });

  it('follows again after the socket was cut, and keeps what it had asked for', async () => {
    const ended = turn({ status: 'completed' });
    server.on('GET chats/c1/turns/1', () => ({ body: { ...ended, items: [command()] } }));
    server.send({ type: 'conversation', chat: 'c1', turns: [ended, turn({ number: 2 })] });
    await until(() => expect(conversation.turns).toHaveLength(2));
    await conversation.load(1);
    server.messages.length = 0;
    server.cut();
    await until(() => expect(server.messages).toContainEqual({ follow: 'c1' }));
    // The second ended meanwhile: what happened at its end was not seen.
    server.send({
      type: 'conversation',
      chat: 'c1',
      turns: [ended, turn({ number: 2, status: 'completed' })]
    });
    await until(() => expect(conversation.turns[1]?.turn.status).toBe('completed'));
    expect(conversation.turns.map(({ items }) => items)).toEqual(['whole', 'heads']);
    expect(conversation.turns[0]?.turn.items).toEqual([command()]);
  });

  it('sends a prompt again with the same key where it is not known whether it arrived', async () => {
    const keys: unknown[] = [];
    server.on('POST chats/c1/turns', (_, __, headers) => {
      keys.push(headers['idempotency-key']);
      return keys.length === 1
        ? { status: 502, body: '' }
        : { status: 201, body: turn({ number: 3, status: 'queued' }) };
    });
    await expect(conversation.send('Plot it')).rejects.toThrow();
    await conversation.send('Plot it');
    expect(new Set(keys).size).toBe(1);
    expect(conversation.turns.at(-1)?.turn.number).toBe(3);
  });

  it('says the same twice where it is meant', async () => {
    const keys = new Set<unknown>();
    server.on('POST chats/c1/turns', (_, __, headers) => {
      keys.add(headers['idempotency-key']);
      return { status: 201, body: turn({ number: keys.size, status: 'queued' }) };
    });
    await conversation.send('Go on');
    await conversation.send('Go on');
    expect(keys.size).toBe(2);
  });

  it('is followed no longer once it is disposed', async () => {
    conversation.dispose();
    await until(() => expect(server.messages).toContainEqual({ unfollow: 'c1' }));
  });
});

describe('a conversation that is asked for', () => {
  it('has the items of the turns that go on', async () => {
    server.hasSocket = false;
    const [ended, live] = [turn({ status: 'completed' }), turn({ number: 2 })];
    server.on('GET status', () => ({ body: snapshot().status }));
    server.on('GET projects', () => ({ body: [] }));
    server.on('GET chats', () => ({ body: [] }));
    server.on('GET chats/c1/turns', () => ({ body: [ended, live] }));
    server.on('GET chats/c1/turns/2', () => ({ body: { ...live, items: [message()] } }));
    server.cut();
    await until(() => expect(texts()).toEqual(['', 'A heron']));
  });
});
