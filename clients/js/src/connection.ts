// One WebSocket to one stream that comes back after a loss, until it is closed. It knows nothing
// of what is in a message.
import { backoffDelay } from './backoff';
import type { ConnectionState } from './events';

export type SocketClass = new (url: string, protocols?: string[]) => WebSocket;

export interface ConnectionOptions {
  reconnect: boolean;
  firstDelayMs: number;
  maxDelayMs: number;
  /** Sent as a subprotocol: a page cannot set headers. */
  token: string | undefined;
  WebSocket: SocketClass | undefined;
}

export interface ConnectionEvents {
  /** The URL to open now; null ends this attempt, after whoever said so called `lost`. */
  address: (turn: number) => string | null | Promise<string | null>;
  onState: (state: ConnectionState, attempts: number) => void;
  onOpen: () => void;
  onMessage: (message: ArrayBuffer) => void;
  /** The socket closed before it opened. */
  onRefused: () => void;
}

/** How long the other side may take to answer our close. */
const CLOSE_PATIENCE_MS = 1000;

export class Connection {
  state: ConnectionState = 'disconnected';
  /** Attempts since the last frame. */
  attempts = 0;

  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts attempts to open, so that what belongs to an earlier one is recognised. */
  #turn = 0;

  constructor(
    readonly options: ConnectionOptions,
    readonly events: ConnectionEvents,
  ) {}

  open(): void {
    if (this.state !== 'disconnected') return;
    this.attempts = 0;
    this.#open('connecting');
  }

  /** Ends the connection and every further attempt. Settles when the socket has closed. */
  close(): Promise<void> {
    const closed = this.#drop();
    this.#become('disconnected');
    return closed;
  }

  /** Opens anew at once, as after a change of what is wanted. */
  reopen(): void {
    if (this.state === 'disconnected') return;
    void this.#drop();
    this.#open(this.state === 'connecting' ? 'connecting' : 'reconnecting');
  }

  /** Takes the connection for lost, also when it does not know that yet. */
  lost(): void {
    void this.#drop();
    if (!this.options.reconnect) {
      this.#become('disconnected');
      return;
    }
    const delay = backoffDelay(this.attempts, this.options.firstDelayMs, this.options.maxDelayMs);
    this.attempts += 1;
    this.state = 'reconnecting';
    this.events.onState(this.state, this.attempts);
    this.#timer = setTimeout(() => this.#open('reconnecting'), delay);
  }

  /** Whether this is still the attempt of that number. */
  isTurn(turn: number): boolean {
    return turn === this.#turn;
  }

  /** Only a connection that delivers has recovered: one that accepts and drops us is no use. */
  delivered(): void {
    this.attempts = 0;
  }

  /** Asks the server for one more message. Servers without credit ignore it. */
  askForNext(): void {
    if (this.#socket?.readyState === 1) this.#socket.send('');
  }

  #open(state: 'connecting' | 'reconnecting'): void {
    const turn = ++this.#turn;
    this.#become(state);
    if (!this.isTurn(turn)) return;
    const address = this.events.address(turn);
    if (address instanceof Promise) {
      void address.then((url) => {
        if (url !== null && this.isTurn(turn)) this.#connect(url);
      });
    } else if (address !== null) this.#connect(address);
  }

  #connect(url: string): void {
    const { token } = this.options;
    const Socket = this.options.WebSocket ?? globalThis.WebSocket;
    const protocols = token === undefined ? [] : [['fanlight', `fanlight.token.${token}`]];
    const socket = new Socket(url, ...protocols);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      opened = true;
      this.#become('connected');
      this.events.onOpen();
    };
    socket.onmessage = (event: MessageEvent) => {
      if (socket !== this.#socket || !(event.data instanceof ArrayBuffer)) return;
      this.events.onMessage(event.data);
    };
    // A close always follows an error and carries the same news.
    socket.onerror = () => {};
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      this.lost();
      if (!opened) this.events.onRefused();
    };
  }

  #become(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    this.events.onState(state, this.attempts);
  }

  /** Lets go of the socket and of what was to follow. Settles when it has closed. */
  #drop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#turn += 1;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket || socket.readyState === 3) return Promise.resolve();
    return new Promise((closed) => {
      socket.onclose = () => closed();
      setTimeout(closed, CLOSE_PATIENCE_MS);
      socket.close();
    });
  }
}
