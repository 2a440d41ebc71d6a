import { sleep, type Environment } from "./environment.js";
import { MortiseError } from "./error.js";

/** What the server answers, as far as it is read. */
export interface Answer {
  status?: string;
  next?: string[];
  access_token?: string;
  token_type?: string;
  expires_in?: number;
  id_token?: string;
  scope?: string;
  user?: { id: string; email?: string; name?: string };
  session?: { id: string };
}

/** One request to the server. */
export interface Ask {
  path: string;
  body: Record<string, unknown>;
  /** Ends it from outside. */
  signal?: AbortSignal;
  /** Whether it may be sent again when there is no usable answer. */
  again?: boolean;
  /** Whether it outlives the page. */
  keepalive?: boolean;
}

// A lost answer is asked for again while the server still gives the same successor:
// an app without a key of its own has 30 s for that. Two attempts that hang fit.
const patience = 10_000;
const tries = 6;
const firstDelay = 400;

// The most that a Retry-After holds a caller; beyond it the caller is told.
const longestWait = 15_000;

/** The endpoints of one client at one issuer. */
export class Server {
  readonly #env: Environment;
  readonly #base: string;
  readonly #query: string;
  #closedUntil = 0;

  constructor(env: Environment, issuer: URL, clientId: string) {
    this.#env = env;
    this.#base = issuer.href.replace(/\/$/, "") + "/api/v1";
    this.#query = "?" + new URLSearchParams({ client_id: clientId });
  }

  /** Posts, and tries again with growing, scattered pauses where that is allowed. */
  async ask(a: Ask): Promise<Answer> {
    for (let n = 0; ; n++) {
      if (a.signal?.aborted) {
        throw new MortiseError("unavailable", "The request was given up.");
      }
      const wait = this.#closedUntil - this.#env.now();
      if (a.again && wait > 0) {
        throw new MortiseError("unavailable", "The server asked to wait.", 503, wait);
      }
      try {
        return await this.#once(a);
      } catch (e) {
        const failure = e as MortiseError;
        const passing = failure.status === 0 || failure.status === 429 || failure.status >= 500;
        if (!a.again || !passing) {
          throw failure;
        }
        await this.#pause(failure, n, a.signal);
      }
    }
  }

  /** Waits before the next try, or gives up. */
  async #pause(failure: MortiseError, n: number, signal?: AbortSignal): Promise<void> {
    if (failure.retryAfter > longestWait) {
      this.#closedUntil = this.#env.now() + failure.retryAfter;
    }
    if (n + 1 >= tries || failure.retryAfter > longestWait) {
      throw new MortiseError("unavailable", "The server cannot be reached.", failure.status, failure.retryAfter);
    }
    const scattered = firstDelay * 2 ** n * (0.5 + this.#env.random() / 2);
    const waits = [sleep(this.#env, Math.max(failure.retryAfter, scattered)), aborted(signal)];
    if (failure.status === 0) {
      waits.push(this.#env.online());
    }
    await Promise.race(waits);
  }

  async #once(a: Ask): Promise<Answer> {
    const ending = new AbortController();
    const stop = () => ending.abort();
    a.signal?.addEventListener("abort", stop);
    const inTime = this.#env.after(patience, stop);
    try {
      const response = await this.#env.fetch(this.#base + a.path + this.#query, {
        method: "POST",
        credentials: "include",
        cache: "no-store",
        redirect: "error",
        keepalive: a.keepalive ?? false,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(a.body),
        signal: ending.signal,
      });
      return await this.#read(response);
    } catch (e) {
      throw e instanceof MortiseError ? e : new MortiseError("unavailable", "The server cannot be reached.");
    } finally {
      inTime();
      a.signal?.removeEventListener("abort", stop);
    }
  }

  async #read(response: Response): Promise<Answer> {
    // An answer that is cut off or no JSON was lost on the way, as a portal's page is.
    const body = (await response.json().catch((): null => null)) as (Answer & { code?: string; detail?: string }) | null;
    if (response.ok && body && typeof body === "object") {
      return body;
    }
    const status = response.ok ? 0 : response.status;
    throw new MortiseError(body?.code ?? "bad_answer", body?.detail ?? `The server answered ${response.status}.`, status, this.#after(response));
  }

  /** Milliseconds of a Retry-After header, in seconds or as a date. */
  #after(response: Response): number {
    const text = response.headers.get("Retry-After") ?? "";
    const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - this.#env.now();
    return ms > 0 ? ms : 0;
  }
}

function aborted(signal?: AbortSignal): Promise<void> {
  return new Promise((done) => signal?.addEventListener("abort", () => done(), { once: true }));
}
