import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HubError } from '../src/api';
import { TestServer } from './server';
import { chat, project, STATUS } from './values';

let server: TestServer;

beforeEach(async () => {
  server = await TestServer.start();
});

afterEach(async () => {
  await server.stop();
});

async function refusal(request: Promise<unknown>): Promise<HubError> {
  const reason: unknown = await request.then(
    () => null,
    (reason: unknown) => reason
  );
  expect(reason).toBeInstanceOf(HubError);
  return reason as HubError;
}

describe('HubApi', () => {
  it('asks under the base URL', async () => {
    server.on('GET status', () => ({ body: STATUS }));
    expect((await server.api.status()).engine.name).toBe('Docker 28');
  });

  it('sends what the hub needs to add a project', async () => {
    let sent: unknown;
    server.on('POST projects', body => {
      sent = body;
      return { status: 201, body: project() };
    });
    await server.api.addProject({ url: 'https://host/x.git', branch: 'main' });
    expect(sent).toEqual({ url: 'https://host/x.git', branch: 'main' });
  });

  it('tells what was refused, what to do, and at which field', async () => {
    const body = {
      code: 'invalid_mount',
      message: 'There is no /nope.',
      hint: 'Create it.',
      details: { field: 'mounts.0.source' }
    };
    server.on('POST chats', () => ({ status: 400, body }));
    const error = await refusal(server.api.newChat({ project: 'p1' }, 'key'));
    expect(error).toMatchObject({ code: 'invalid_mount', hint: 'Create it.', status: 400 });
    expect(error.field).toBe('mounts.0.source');
  });

  it('makes an error of an answer that is not the hub’s', async () => {
    const error = await refusal(server.api.projects());
    expect(error.status).toBe(404);
    expect(error.hint).toContain('agent_hub');
  });

  it('says that nobody answers where nobody does', async () => {
    const { api } = server;
    await server.stop();
    expect(await refusal(api.status())).toMatchObject({ code: 'hub_unavailable', status: 0 });
  });

  it('asks to force what would lose work', async () => {
    let forced: string | null = null;
    server.on('DELETE chats/c1', (_, url) => {
      forced = url.searchParams.get('force');
      return { status: 200, body: '' };
    });
    await server.api.deleteChat('c1', true);
    expect(forced).toBe('true');
  });

  it('keeps an id with odd characters in one part of the path', async () => {
    server.on('PATCH chats/a/b c', () => ({ body: chat({ name: 'new' }) }));
    expect((await server.api.renameChat('a/b c', 'new')).name).toBe('new');
  });

  it('asks for a part of a file, and takes no whole one in its place', async () => {
    server.on('GET artifacts/a/content', (_, url, headers) => ({
      status: 206,
      body: `${url.search} ${headers.range}`
    }));
    const part = await server.api.artifactPart('a', 2, 10, 20);
    expect(new TextDecoder().decode(part)).toBe('?version=2 bytes=10-19');
    server.on('GET artifacts/a/content', () => ({ body: 'all of it' }));
    expect((await refusal(server.api.artifactPart('a', 2, 10, 20))).code).toBe('no_parts');
  });
});
