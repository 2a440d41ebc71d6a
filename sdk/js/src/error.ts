/** What went wrong. It never carries a token or a password. */
export class MortiseError extends Error {
  override name = "MortiseError";
  /** Stable: the server's problem code, or `unavailable`, `bad_answer`, `closed`. */
  readonly code: string;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Milliseconds to wait before trying again; 0 when the server said nothing. */
  readonly retryAfter: number;

  /** @internal */
  constructor(code: string, message: string, status = 0, retryAfter = 0) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}
