// The HTTP half of the client: start, stop and ask about streams. No WebSocket here.

/** What a stream consists of. */
export interface Video {
  codec: string;
  width: number;
  height: number;
}

/** One stream as the server describes it; more fields may come. */
export interface StreamInfo {
  stream_id: string;
  rtsp_url: string;
  width?: number;
  height?: number;
  is_running: boolean;
  client_count: number;
  frame_count: number;
  /** What the camera sends; null before it was connected. Older servers leave it out. */
  video?: Video | null;
  /** The camera's smaller stream, where it has one. */
  substream?: { video: Video | null } | null;
  /** How the camera is. Older servers leave it out. */
  status?: { state: string; error: { code: string; message: string } | null };
  [field: string]: unknown;
}

/** How long a request may take; starting a camera answers at once, so this is generous. */
const REQUEST_TIMEOUT_MS = 15_000;

/** A refusal by the server, with the sentence it gave. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

export class Rest {
  /** @param base `http://host:port`, without a slash at the end. */
  constructor(
    readonly base: string,
    readonly token?: string,
  ) {}

  start(body: {
    stream_id?: string;
    rtsp_url: string;
    width?: number;
    height?: number;
  }): Promise<StreamInfo> {
    const path = body.stream_id === undefined ? '/api/streams/start-with-url' : '/api/streams';
    return this.#call<StreamInfo>('POST', path, body);
  }

  async stop(streamId: string, force: boolean): Promise<void> {
    await this.#call('DELETE', `${streamPath(streamId)}${force ? '/force' : ''}`);
  }

  stats(streamId: string): Promise<StreamInfo> {
    return this.#call<StreamInfo>('GET', `${streamPath(streamId)}/stats`);
  }

  async list(): Promise<StreamInfo[]> {
    return (await this.#call<{ streams?: StreamInfo[] }>('GET', '/api/streams')).streams ?? [];
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.#fetch(path, {
      method,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(this.token !== undefined && { Authorization: `Bearer ${this.token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) {
      const said = (answer as { error?: unknown } | null)?.error;
      throw new RequestError(
        typeof said === 'string' ? said : `The server answered ${response.status}`,
        response.status,
      );
    }
    return answer as T;
  }

  async #fetch(path: string, request: RequestInit): Promise<Response> {
    try {
      return await fetch(this.base + path, request);
    } catch {
      // What a browser says of it, "Failed to fetch", helps nobody.
      throw new Error(
        `Cannot reach ${this.base}: no server runs there, or it does not allow this page`,
      );
    }
  }
}

function streamPath(streamId: string): string {
  return `/api/streams/${encodeURIComponent(streamId)}`;
}
