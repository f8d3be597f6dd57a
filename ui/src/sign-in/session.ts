// Whether this browser is let in.

/** Answer of `GET /api/session`. */
export interface SessionState {
  /** The server asks for a token. */
  required: boolean;
  signed_in: boolean;
}
