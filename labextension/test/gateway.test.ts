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
    server.on('GET connections/gateway', () => ({ body: { routes: [ROUTE] } }));
    expect(server.requests).toEqual([]);
    watch.start();
    await until(() => expect(server.requests.length).toBeGreaterThan(2));
    expect(watch.routes).toEqual([ROUTE]);
  });

  it('stops once nobody looks, and begins again', async () => {
    let asked: () => void = () => undefined;
    server.on('GET connections/gateway', () => {
      asked();
      return { body: { routes: [ROUTE] } };
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
      isDown
        ? { status: 500, body: { code: 'error', message: 'No.', hint: '' } }
        : { body: { routes: [ROUTE] } }
    );
    watch.start();
    await until(() => expect(watch.routes).toEqual([ROUTE]));
    isDown = true;
    const { length } = server.requests;
    await until(() => expect(server.requests.length).toBeGreaterThan(length + 1));
    expect(watch.routes).toEqual([ROUTE]);
  });
});
