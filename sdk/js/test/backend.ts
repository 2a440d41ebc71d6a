import type { Clock } from "./clock.js";

export const issuer = "https://app.example.com/auth";
export const api = "https://api.example.com/v1";

/** One request as the fakes saw it. */
export interface Seen {
  path: string;
  body: Record<string, unknown>;
  init: RequestInit;
}

type Reply = Response | "lost" | "unreachable" | "hangs";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": status < 400 ? "application/json" : "application/problem+json", ...headers },
  });

export const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  answer(status, { code, status, detail: "What to do about " + code + "." }, headers);

/** The server and an API, with the cookie jar of one browser. */
export class Backend {
  cookie = ""; // the refresh token in the jar
  life = 300; // of access tokens, in seconds
  bearers: (string | null)[] = []; // what the API was shown, by turns
  bodies: string[] = [];
  deaf = false; // whether requests go on that the page gave up
  readonly seen: Seen[] = [];
  /** What happens to the next requests to the server instead, in turn. */
  readonly next: Reply[] = [];
  /** How the API refuses a token. */
  refusal = () => answer(401, {}, { "WWW-Authenticate": 'Bearer error="invalid_token", error_description="expired"' });
  readonly #clock: Clock;
  readonly #good = new Set<string>();
  #family = "";
  #serial = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Requests to renew the token. */
  get refreshes(): number {
    return this.seen.filter((s) => s.path === "/session/refresh" && !s.body["end"]).length;
  }

  /** Puts somebody's sign-in into the jar, as an earlier visit did. */
  signedIn(): void {
    this.#family = this.cookie = "family" + ++this.#serial;
  }

  /** Makes every access token so far expired for the API. */
  expire(): void {
    this.#good.clear();
  }

  fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    const signal = input instanceof Request ? input.signal : init.signal;
    await this.#travel(signal);
    if (url.href.startsWith(issuer + "/api/v1/")) {
      return this.#serve({ path: url.pathname.slice("/auth/api/v1".length), body: JSON.parse(String(init.body)), init }, url, signal);
    }
    const response = await this.#resource(input as Request);
    await this.#travel(signal);
    return response;
  };

  #travel(signal?: AbortSignal | null, ms = 20): Promise<void> {
    return new Promise((done, failed) => {
      signal?.addEventListener("abort", () => this.deaf || failed(new DOMException("aborted", "AbortError")));
      this.#clock.after(ms, done);
    });
  }

  async #serve(seen: Seen, url: URL, signal?: AbortSignal | null): Promise<Response> {
    if (url.searchParams.get("client_id") !== "spa" || seen.body["client_id"] !== "spa" || seen.init.credentials !== "include") {
      throw new Error("a request that a browser or the server would refuse");
    }
    this.seen.push(seen);
    const instead = this.next.shift();
    if (instead === "unreachable") {
      throw new TypeError("Failed to fetch");
    }
    const response = instead instanceof Response ? instead : this.#answer(seen);
    await this.#travel(signal, instead === "hangs" ? 3_600_000 : 20);
    if (instead === "lost") {
      throw new TypeError("Failed to fetch");
    }
    return response;
  }

  #answer({ path, body }: Seen): Response {
    if (path === "/signin") {
      return this.#signIn(body);
    }
    if (body["end"]) {
      this.cookie = this.#family = "";
      this.expire();
      return answer(200, { status: "ended" });
    }
    return this.cookie && this.cookie === this.#family ? answer(200, { status: "complete", ...this.#tokens() }) : problem(400, "invalid_grant");
  }

  #signIn(body: Record<string, unknown>): Response {
    if (body["password"] !== "right") {
      return problem(401, "credentials_wrong");
    }
    if (body["identifier"] === "new@example.test" && body["code"] !== "123456") {
      return answer(200, { status: "continue", next: ["email_code"] });
    }
    this.signedIn();
    const user = { id: "usr_1", email: body["identifier"], name: "Ada" };
    return answer(200, { status: "complete", user, session: { id: "ses_1" }, ...this.#tokens() });
  }

  #tokens() {
    const token = "access" + ++this.#serial;
    this.#good.add(token);
    const payload = Buffer.from(JSON.stringify({ sub: "usr_1", sid: "ses_1" })).toString("base64url");
    return { access_token: token, token_type: "Bearer", expires_in: this.life, scope: "openid", id_token: `e30.${payload}.c2ln` };
  }

  async #resource(request: Request): Promise<Response> {
    const bearer = request.headers.get("Authorization");
    this.bearers.push(bearer);
    this.bodies.push(await request.text());
    return bearer === null || this.#good.has(bearer.replace("Bearer ", "")) ? answer(200, { ok: true }) : this.refusal();
  }
}
