import { below, trusted } from "./address.js";
import { browser, type Environment } from "./environment.js";
import { MortiseError } from "./error.js";
import { authorized, bearer } from "./fetch.js";
import { claims } from "./idtoken.js";
import { Server, type Answer } from "./server.js";
import { State } from "./state.js";
import { Tabs, type News, type Token } from "./tabs.js";
import type { Client, Options, SignIn, User } from "./types.js";

// A token is renewed this long before it expires, a short-lived one in its last tenth.
const margin = 30_000;

/** Makes the client of an app. One for each page is enough. */
export function createClient(options: Options): Client {
  const { fetch } = options;
  // Called without a this: the browser's own fetch refuses any other than the window.
  return createIn(fetch ? { ...browser, fetch: (input, init) => fetch(input, init) } : browser, options);
}

/** @internal */
export function createIn(env: Environment, options: Options): Client {
  const core = new Core(env, options);
  const resources = ([] as string[]).concat(options.resource ?? []);
  const guard = below(options.apis ?? resources.filter((r) => /^https?:/.test(r)));
  return Object.freeze({
    signIn: core.signIn.bind(core),
    getAccessToken: core.getAccessToken.bind(core),
    fetch: authorized({ send: bearer(env.fetch), now: env.now, guard, token: core.getAccessToken.bind(core) }),
    refresh: async () => (await core.renew()) !== null,
    signOut: core.signOut.bind(core),
    onChange: (listener: Parameters<Client["onChange"]>[0]) => core.state.listen(listener),
    get session() {
      return core.state.view();
    },
    close: () => core.close(),
  });
}

class Core {
  readonly state = new State();
  readonly #env: Environment;
  readonly #options: Options;
  readonly #server: Server;
  readonly #tabs: Tabs;
  #flight: Promise<string | null> | null = null;
  #interrupt = new AbortController();
  #closed = false;
  #leaving = false;

  constructor(env: Environment, options: Options) {
    const issuer = trusted(options.issuer, "issuer");
    this.#env = env;
    this.#options = options;
    this.#server = new Server(env, issuer, options.clientId);
    this.#tabs = new Tabs(env, `mortise 1 ${issuer.href} ${options.clientId}`, (news) => this.#learn(news));
  }

  /** The token, renewed when it is nearly over or is the refused one. */
  async getAccessToken(refused?: string): Promise<string | null> {
    this.#open();
    if (this.state.status === "signed-out") {
      return null;
    }
    return this.#good(refused) ?? this.renew();
  }

  /** Renews once, however many ask. */
  renew(): Promise<string | null> {
    this.#open();
    return (this.#flight ??= this.#renew().finally(() => (this.#flight = null)));
  }

  async #renew(): Promise<string | null> {
    const { epoch, token: old } = this.state;
    return this.#tabs.exclusive(async (second) => {
      const done = () => this.state.epoch !== epoch || this.#good(old?.text ?? "") !== null;
      if (second && !done()) {
        await this.#tabs.heard();
      }
      return done() ? this.#text() : this.#ask(epoch);
    });
  }

  async #ask(epoch: number): Promise<string | null> {
    const { signal } = this.#interrupt;
    const asked = this.#env.now();
    try {
      const answer = await this.#server.ask({ path: "/session/refresh", body: this.#self(), signal, again: true });
      if (this.state.epoch === epoch) {
        this.#enter(answer, asked, this.state.status !== "signed-in");
      }
    } catch (e) {
      if (this.state.epoch === epoch) {
        this.#refused(e as MortiseError);
      }
    }
    return this.#text();
  }

  /** A grant that is over ends the sign-in (TH-8); anything else is told to the caller. */
  #refused(e: MortiseError): void {
    if (e.status !== 403 && e.code !== "invalid_grant") {
      throw e;
    }
    this.#leave(e.code);
  }

  async signIn(identifier: string, password: string, more: { code?: string } = {}): Promise<SignIn> {
    this.#open();
    const { scope, resource } = this.#options;
    const body = {
      ...this.#self(), identifier, password, deliver: "tokens",
      ...(more.code && { code: more.code }), ...(scope && { scope }),
      ...(resource && { resource: ([] as string[]).concat(resource) }),
    };
    return this.#tabs.exclusive(async () => {
      const asked = this.#env.now();
      const answer = await this.#server.ask({ path: "/signin", body });
      if (answer.status === "continue") {
        return { status: "continue", next: answer.next ?? [] };
      }
      this.#enter(answer, asked, true);
      return { status: "complete", user: this.state.view().user };
    });
  }

  async signOut(): Promise<void> {
    this.#open();
    this.#leaving = true;
    try {
      this.#leave("signed_out");
      // In turn, so that no renewal of another tab puts the cookie back.
      await this.#tabs.exclusive(() => this.#end());
    } finally {
      this.#leaving = false;
      this.#leave("signed_out"); // tabs that opened meanwhile have not heard it
    }
  }

  #end(): Promise<Answer> {
    const body = { ...this.#self(), end: true };
    return this.#server.ask({ path: "/session/refresh", body, again: true, keepalive: true });
  }

  close(): void {
    this.#closed = true;
    this.state.token = null;
    this.#interrupt.abort();
    this.#tabs.close();
  }

  #open(): void {
    if (this.#closed) {
      throw new MortiseError("closed", "This client was closed.");
    }
  }

  #self(): { client_id: string } {
    return { client_id: this.#options.clientId };
  }

  /** The token if it is not the refused one and will last. */
  #good(refused?: string): string | null {
    const t = this.state.token;
    return t && t.text !== refused && t.renewAt > this.#env.now() ? t.text : null;
  }

  #text(): string | null {
    return this.state.token?.text ?? null;
  }

  #enter(a: Answer, asked: number, entered: boolean): void {
    const { access_token: text, expires_in: life } = a;
    // A token bound to a key is useless as a Bearer token.
    if (!text || !life || a.token_type?.toLowerCase() !== "bearer") {
      throw new MortiseError("bad_answer", "The server answered without a Bearer token.");
    }
    const lasts = life * 1000;
    const token: Token = { text, scope: a.scope ?? null, renewAt: asked + lasts - Math.min(margin, lasts / 10) };
    const seen = claims(a.id_token);
    const session = a.session?.id ?? seen.sid ?? null;
    this.state.enter(token, userOf(a, seen.sub), session, entered);
    this.#tabs.tell({ kind: "token", entered, token, user: this.state.user, session });
  }

  #leave(reason: string): void {
    this.#drop(reason);
    this.#tabs.tell({ kind: "out", reason });
  }

  #drop(reason: string): void {
    this.state.leave(reason);
    this.#interrupt.abort();
    this.#interrupt = new AbortController();
  }

  /** What another tab did. What crossed a sign-out on its way does not sign in again. */
  #learn(news: News): void {
    if (news.kind === "out") {
      this.#drop(news.reason);
    } else if (!this.#leaving && (news.entered || this.state.status !== "signed-out")) {
      this.state.enter(news.token, news.user, news.session, news.entered);
    }
  }
}

function userOf(a: Answer, sub?: string): User | null {
  if (!a.user) {
    return sub ? { id: sub } : null;
  }
  const { id, email, name } = a.user;
  return { id, ...(email && { email }), ...(name && { name }) };
}
