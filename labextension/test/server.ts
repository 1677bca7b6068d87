import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse
} from 'node:http';
import type { AddressInfo } from 'node:net';

import { ServerConnection } from '@jupyterlab/services';
import { WebSocketServer } from 'ws';

import { HubApi } from '../src/api';
import type { HubEvent } from '../src/stream';

type Answer = { status?: number; body: unknown };
type Handler = (body: unknown, url: URL, headers: IncomingHttpHeaders) => Answer | Promise<Answer>;

/** A small server that speaks the hub's protocol, answering what a test told it to. */
export class TestServer {
  /** What was asked, in order: `GET status`. */
  readonly requests: string[] = [];
  /** What clients sent over the socket, in order. */
  readonly messages: unknown[] = [];
  /** Whether the events socket can be had. */
  hasSocket = true;

  static async start(): Promise<TestServer> {
    const server = new TestServer();
    await new Promise<void>(resolve => server._http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get api(): HubApi {
    const { port } = this._http.address() as AddressInfo;
    return new HubApi(
      ServerConnection.makeSettings({
        baseUrl: `http://127.0.0.1:${port}/base/`,
        wsUrl: `ws://127.0.0.1:${port}/base/`,
        token: 'secret',
        appendToken: true,
        fetch,
        Headers,
        Request,
        WebSocket
      })
    );
  }

  /** Answer a request such as `POST projects`. */
  on(request: string, handler: Handler): void {
    this._handlers.set(request, handler);
  }

  /** What a client is sent first, whenever one connects. */
  greet(event: () => HubEvent): void {
    this._greeting = event;
  }

  /** Send an event to every client. */
  send(event: HubEvent): void {
    for (const client of this._sockets.clients) {
      client.send(JSON.stringify(event));
    }
  }

  /** Cut every socket, as a proxy or a restart does. */
  cut(): void {
    for (const client of this._sockets.clients) {
      client.terminate();
    }
  }

  get clients(): number {
    return this._sockets.clients.size;
  }

  async stop(): Promise<void> {
    this.cut();
    this._http.closeAllConnections();
    await new Promise(resolve => this._http.close(resolve));
  }

  private constructor() {
    this._http = createServer((request, response) => void this._answer(request, response));
    this._http.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '', 'http://test');
      // A client that goes away while it is answered is part of what is tested.
      socket.on('error', () => undefined);
      const isEvents = url.pathname === '/base/agent-hub/api/events';
      if (!this.hasSocket || !isEvents || url.searchParams.get('token') !== 'secret') {
        socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
        return;
      }
      this._sockets.handleUpgrade(request, socket, head, client => {
        client.on('message', (data: Buffer) => {
          this.messages.push(JSON.parse(data.toString()));
        });
        if (this._greeting) {
          client.send(JSON.stringify(this._greeting()));
        }
      });
    });
  }

  private async _answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://test');
    const path = decodeURIComponent(url.pathname.replace('/base/agent-hub/api/', ''));
    const key = `${request.method} ${path}`;
    this.requests.push(key);
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const text = Buffer.concat(chunks).toString();
    const handler = this._handlers.get(key);
    const missing = { status: 404, body: '<html>Not Found</html>' };
    const answer = handler
      ? await handler(text ? JSON.parse(text) : undefined, url, request.headers)
      : missing;
    response.statusCode = answer.status ?? 200;
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  }

  private readonly _http: Server;
  private readonly _sockets = new WebSocketServer({ noServer: true });
  private readonly _handlers = new Map<string, Handler>();
  private _greeting: (() => HubEvent) | undefined;
}
