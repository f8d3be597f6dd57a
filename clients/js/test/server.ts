// A real HTTP and WebSocket server on loopback that answers like Fanlight and lets a test
// send frames and drop connections.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

interface Answer {
  status: number;
  body: unknown;
}

export interface TestServer {
  url: string;
  /** Every HTTP request so far, as `METHOD path` with its body. */
  requests: { line: string; body: unknown; authorization: string | undefined }[];
  /** Paths with query of the WebSockets opened so far. */
  sockets: string[];
  /** Answers a request by its `METHOD path`; anything else is 404. */
  answer(line: string, status: number, body: unknown): void;
  send(bytes: Uint8Array): void;
  /** How many messages the clients sent: each asks for one more. */
  asked: number;
  /** Subprotocols that clients offered, the newest last. */
  protocols: string[];
  dropConnections(): void;
  /** How many WebSockets are open now. */
  open(): number;
  /** While true, WebSocket upgrades are refused. */
  refuse: boolean;
  close(): Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  const answers = new Map<string, Answer>();
  const http = createServer(async (request, response) => {
    const line = `${request.method} ${request.url}`;
    const { authorization } = request.headers;
    server.requests.push({ line, body: await readJson(request), authorization });
    const { status, body } = answers.get(line) ?? { status: 404, body: { error: 'no such route' } };
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Headers': '*',
    });
    response.end(JSON.stringify(body));
  });
  const sockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    if (server.refuse) return socket.destroy();
    server.sockets.push(request.url ?? '');
    server.protocols.push(String(request.headers['sec-websocket-protocol'] ?? ''));
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', () => {
        server.asked += 1;
      });
    });
  });
  await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready));
  const { port } = http.address() as AddressInfo;
  const server: TestServer = {
    url: `ws://127.0.0.1:${port}`,
    requests: [],
    sockets: [],
    refuse: false,
    asked: 0,
    protocols: [],
    answer: (line, status, body) => void answers.set(line, { status, body }),
    send: (bytes) => {
      for (const ws of sockets.clients) if (ws.readyState === WebSocket.OPEN) ws.send(bytes);
    },
    dropConnections: () => {
      for (const ws of sockets.clients) ws.terminate();
    },
    open: () => [...sockets.clients].filter((ws) => ws.readyState === WebSocket.OPEN).length,
    close: async () => {
      server.dropConnections();
      http.closeAllConnections();
      await new Promise((closed) => http.close(closed));
    },
  };
  return server;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text ? JSON.parse(text) : null;
}

/** One message with the 32-byte header of `header=1`. */
export function withHeader(
  sequence: number,
  width: number,
  height: number,
  kind: 0 | 1 | 2 | 3,
  bytes: number[],
  { keyframe = true, missed = 0 } = {},
): Uint8Array {
  const message = new Uint8Array(32 + bytes.length);
  const view = new DataView(message.buffer);
  view.setBigUint64(0, BigInt(sequence), true);
  view.setBigUint64(8, 1_700_000_000_123_000_000n, true);
  view.setUint32(16, width, true);
  view.setUint32(20, height, true);
  view.setUint8(24, kind);
  view.setUint8(25, keyframe ? 1 : 0);
  view.setUint32(28, missed, true);
  message.set(bytes, 32);
  return message;
}

/** Waits until `check` holds; fails after three seconds with its words. */
export async function eventually(words: string, check: () => boolean): Promise<void> {
  const deadline = Date.now() + 3000;
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${words}`);
    await new Promise((wait) => setTimeout(wait, 10));
  }
}
