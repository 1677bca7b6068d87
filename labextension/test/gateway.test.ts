import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { GatewayWatch } from '../src/gateway';
import { TestServer } from './server';

const until = (claim: () => void) => vi.waitFor(claim, { timeout: 5000, interval: 5 });

const ROUTE = {
  host: 'api.openai.com',
  state: 'ok',
  requests: 12,
  errors: 0,
  median_ms: 640.4,
  problem: ''
};

const STATUS = { routes: [ROUTE], last_uses: { p1: '2025-01-01T12:00:00Z' } };

const REQUEST = {
  at: '2025-01-01T12:00:00Z',
  chat: 'c1',
  asked: 'POST /v1/responses',
  host: 'api.openai.com',
  status: 200,
  ms: 640.4,
  problem: '',
  refused: false,
  count: 1
};

describe('GatewayWatch', () => {
  let server: TestServer;
  let watch: GatewayWatch;

  beforeEach(async () => {
    server = await TestServer.start();
    watch = new GatewayWatch(server.api, 10);
  });

  afterEach(async () => {
    watch.dispose();
    await server.stop();
  });

  it('asks again and again while it is looked at, and not before', async () => {
    server.on('GET connections/gateway', () => ({ body: STATUS }));
    expect(server.requests).toEqual([]);
    watch.start();
    await until(() => expect(server.requests.length).toBeGreaterThan(2));
    expect(watch.routes).toEqual([ROUTE]);
  });

  it('stops once nobody looks, and begins again', async () => {
    let asked: () => void = () => undefined;
    server.on('GET connections/gateway', () => {
      asked();
      return { body: STATUS };
    });
    const once = () => new Promise<void>(resolve => (asked = resolve));
    const first = once();
    watch.start();
    await first;
    watch.pause();
    const { length } = server.requests;
    // Ten times as long as it would have taken to ask again.
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(server.requests).toHaveLength(length);
    const again = once();
    watch.start();
    await again;
  });

  it('has none of a hub that does not tell, and does not ask it again', async () => {
    const answered = new Promise(resolve => watch.changed.connect(resolve));
    watch.start();
    await answered;
    expect(watch.routes).toEqual([]);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(server.requests).toEqual(['GET connections/gateway']);
  });

  it('keeps what it knew through a failure', async () => {
    let isDown = false;
    server.on('GET connections/gateway', () =>
      isDown ? { status: 500, body: { code: 'error', message: 'No.', hint: '' } } : { body: STATUS }
    );
    watch.start();
    await until(() => expect(watch.routes).toEqual([ROUTE]));
    isDown = true;
    const { length } = server.requests;
    await until(() => expect(server.requests.length).toBeGreaterThan(length + 1));
    expect(watch.routes).toEqual([ROUTE]);
  });

  it('asks for single requests only while they are shown', async () => {
    server.on('GET connections/gateway', () => ({ body: STATUS }));
    server.on('GET connections/gateway/log', () => ({ body: [REQUEST] }));
    watch.start();
    await until(() => expect(watch.lastUses).toEqual(STATUS.last_uses));
    expect(server.requests).not.toContain('GET connections/gateway/log');
    expect(watch.log).toBeNull();
    watch.showLog(true);
    await until(() => expect(watch.log).toEqual([REQUEST]));
    watch.showLog(false);
    expect(watch.log).toBeNull();
    await until(() => expect(server.requests.at(-1)).toBe('GET connections/gateway'));
    expect(watch.log).toBeNull();
  });

  it('knows the hosts also where it is not told of single requests, and says why', async () => {
    server.on('GET connections/gateway', () => ({ body: STATUS }));
    server.on('GET connections/gateway/log', () => ({
      status: 500,
      body: { code: 'error', message: 'The hub has failed.', hint: '' }
    }));
    watch.start();
    watch.showLog(true);
    await until(() => expect(watch.logProblem).toBe('The hub has failed.'));
    expect(watch.routes).toEqual([ROUTE]);
    expect(watch.log).toBeNull();
  });
});
