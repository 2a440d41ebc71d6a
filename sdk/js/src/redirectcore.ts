import type { Environment } from "./environment.js";
import { MortiseError } from "./error.js";
import { claims } from "./idtoken.js";
import { hash, newKey, Prover, random, type Key } from "./proof.js";
import type { RedirectOptions, SignInOptions, SignOutOptions } from "./redirect.js";
import type { Answer } from "./server.js";
import { State } from "./state.js";
import { Tabs, type News, type Token } from "./tabs.js";
import type { Vault } from "./vault.js";

/** The page this runs in. */
export interface Page {
  address(): string;
  go(address: string): void;
  replace(address: string): void;
}

/** Kept in the vault: the refresh token is worth nothing without the key, which cannot leave this browser. */
interface Kept {
  key: Key;
  refresh?: string;
  /** The ID token: no credential, but the hint that signing out at the issuer needs. */
  id?: string;
}

/** A sign-in that was begun. */
interface Begun {
  verifier: string;
  nonce: string;
  returnTo: string;
  key: Key;
  at: number;
}

const margin = 30_000;

/** A sign-in that did not come back: the issuer's window is open for an hour, and nobody begins more at once. */
const abandoned = 3_600_000;
const most = 8;

type TokenAnswer = Answer & { refresh_token?: string; error?: string; error_description?: string };

export class Core {
  readonly state = new State();
  readonly #env: Environment;
  readonly #page: Page;
  readonly #vault: Vault;
  readonly #options: RedirectOptions;
  readonly #prover: Prover;
  readonly #tabs: Tabs;
  readonly #name: string;
  #key: Key | null = null;
  #flight: Promise<string | null> | null = null;
  #gone = false;
  #closed = false;

  constructor(env: Environment, page: Page, vault: Vault, options: RedirectOptions) {
    this.#env = env;
    this.#page = page;
    this.#vault = vault;
    this.#options = options;
    this.#prover = new Prover(env);
    this.#name = `mortise redirect 1 ${options.issuer} ${options.clientId}`;
    this.#tabs = new Tabs(env, this.#name, (news) => this.#learn(news));
  }

  async signIn(options: SignInOptions = {}): Promise<void> {
    this.#open();
    const begun: Begun = { verifier: random(), nonce: random(), returnTo: options.returnTo ?? this.#page.address(), key: await newKey(), at: this.#env.now() };
    const state = random();
    await this.#tidy(most - 1);
    await this.#vault.put(this.#pending(state), begun);
    const { clientId, redirectUri, scope, resource } = this.#options;
    const query = new URLSearchParams({
      response_type: "code", client_id: clientId, redirect_uri: redirectUri, scope: scope ?? "openid", state, nonce: begun.nonce,
      code_challenge: await hash(begun.verifier), code_challenge_method: "S256", dpop_jkt: begun.key.jkt,
      ...(options.prompt && { prompt: options.prompt }), ...(options.loginHint && { login_hint: options.loginHint }),
    });
    ([] as string[]).concat(resource ?? []).forEach((r) => query.append("resource", r));
    this.#page.go(`${this.#options.issuer}/oauth2/authorize?${query}`);
  }

  async handleCallback(address = this.#page.address()): Promise<{ returnTo: string } | null> {
    this.#open();
    const url = new URL(address);
    const answer = new URLSearchParams(url.search);
    const said = (name: string) => answer.get(name) ?? "";
    if (!said("state") || !(said("code") || said("error"))) {
      return null;
    }
    const begun = (await this.#vault.take(this.#pending(said("state")))) as Begun | undefined;
    ["code", "state", "iss", "error", "error_description", "error_uri"].forEach((name) => url.searchParams.delete(name));
    this.#page.replace(url.href);
    if (!begun) {
      throw new MortiseError("state_unknown", "This browser did not begin this sign-in, or it is over. Sign in again.");
    }
    // An answer of another issuer may be meant to get the code of this one (RFC 9207).
    if (said("iss") !== this.#options.issuer) {
      throw new MortiseError("issuer_mismatch", "The answer is not of the issuer that was asked.");
    }
    if (said("error")) {
      throw new MortiseError(said("error"), said("error_description") || "The sign-in was refused.");
    }
    await this.#tabs.exclusive(() => this.#redeem(begun, said("code")));
    await this.#tidy(most);
    return { returnTo: begun.returnTo };
  }

  async #redeem(begun: Begun, code: string): Promise<void> {
    const { epoch } = this.state;
    const asked = this.#env.now();
    const answer = await this.#token(begun.key, { grant_type: "authorization_code", code, redirect_uri: this.#options.redirectUri, code_verifier: begun.verifier });
    const seen = claims(answer.id_token) as ReturnType<typeof claims> & { nonce?: string; iss?: string };
    if (answer.id_token && (seen.nonce !== begun.nonce || seen.iss !== this.#options.issuer)) {
      throw new MortiseError("bad_answer", "The ID token is not of this sign-in.");
    }
    await this.#enter(begun.key, answer, asked, epoch, true);
  }

  async getAccessToken(refused?: string): Promise<string | null> {
    this.#open();
    return this.state.status === "signed-out" ? null : (this.#good(refused) ?? this.renew());
  }

  /** Renews once, however many ask; tabs take turns. */
  renew(): Promise<string | null> {
    this.#open();
    return (this.#flight ??= this.#renew().finally(() => (this.#flight = null)));
  }

  #renew(): Promise<string | null> {
    const { epoch, token: old } = this.state;
    return this.#tabs.exclusive(async (second) => {
      const done = () => this.state.epoch !== epoch || this.#good(old?.text ?? "") !== null;
      if (second && !done()) {
        await this.#tabs.heard();
      }
      if (!done()) {
        await this.#ask(epoch);
      }
      return this.state.token?.text ?? null;
    });
  }

  async #ask(epoch: number): Promise<void> {
    await this.#tidy(most);
    const kept = (await this.#vault.get(this.#name)) as Kept | undefined;
    if (!kept?.key?.pair || !kept.refresh) {
      return this.#lose(this.state.status === "signed-in" ? "key_lost" : "not_signed_in");
    }
    const asked = this.#env.now();
    try {
      const answer = await this.#token(kept.key, { grant_type: "refresh_token", refresh_token: kept.refresh });
      await this.#enter(kept.key, { refresh_token: kept.refresh, ...(kept.id && { id_token: kept.id }), ...answer }, asked, epoch, this.state.status !== "signed-in");
    } catch (e) {
      if ((e as MortiseError).code !== "invalid_grant") {
        throw e;
      }
      await this.#lose("invalid_grant");
    }
  }

  /** Sends a request of the app with the token and a proof by its key. */
  async send(request: Request, token: string | null): Promise<Response> {
    const key = token ? await this.#current() : null;
    return key && token ? this.#prover.send(request, key, token) : this.#env.fetch(request);
  }

  async #current(): Promise<Key | null> {
    return (this.#key ??= ((await this.#vault.get(this.#name)) as Kept | undefined)?.key ?? null);
  }

  /**
   * The sign-in is over, or its key is lost (TH-8): everything is forgotten, and whoever
   * was signed in is led to the sign-in, once.
   */
  async #lose(reason: string): Promise<void> {
    await this.#vault.take(this.#name);
    this.#leave(reason);
    if (reason !== "not_signed_in" && this.#options.automatic !== false && !this.#gone) {
      this.#gone = true;
      await this.signIn();
    }
  }

  async signOut({ returnTo }: SignOutOptions = {}): Promise<void> {
    this.#open();
    this.#leave("signed_out");
    let hint: string | undefined;
    const done = this.#tabs.exclusive(async () => {
      const kept = (await this.#vault.take(this.#name)) as Kept | undefined;
      hint = kept?.id;
      this.#leave("signed_out"); // tabs that opened meanwhile have not heard it
      if (kept?.refresh) {
        await this.#post("revoke", { token: kept.refresh }, (request) => this.#env.fetch(request));
      }
    });
    await done.finally(() => returnTo !== undefined && this.#endSession(returnTo, hint));
  }

  /** Leaves for the issuer, which ends its session (RP-Initiated Logout) and leads to returnTo. */
  #endSession(returnTo: string, hint: string | undefined): void {
    const query = new URLSearchParams({ client_id: this.#options.clientId, post_logout_redirect_uri: returnTo, ...(hint && { id_token_hint: hint }) });
    this.#page.go(`${this.#options.issuer}/oauth2/end_session?${query}`);
  }

  /** Forgets sign-ins that did not come back in time, and all but the newest of the others. */
  async #tidy(keep: number): Promise<void> {
    const begun = (await this.#vault.list(this.#pending(""))) as [string, Begun][];
    const old = begun.sort((a, b) => b[1].at - a[1].at).filter(([, { at }], n) => n >= keep || !(at > this.#env.now() - abandoned));
    await Promise.all(old.map(([name]) => this.#vault.take(name)));
  }

  close(): void {
    this.#closed = true;
    this.state.token = null;
    this.#tabs.close();
  }

  #open(): void {
    if (this.#closed) {
      throw new MortiseError("closed", "This client was closed.");
    }
  }

  async #token(key: Key, form: Record<string, string>): Promise<TokenAnswer> {
    const answer = await this.#post("token", form, (request) => this.#prover.send(request, key));
    if (!answer.access_token || !answer.expires_in || answer.token_type?.toLowerCase() !== "dpop") {
      throw new MortiseError("bad_answer", "The server answered without a token bound to the key.");
    }
    return answer;
  }

  async #post(path: string, form: Record<string, string>, send: (request: Request) => Promise<Response>): Promise<TokenAnswer> {
    const body = new URLSearchParams({ ...form, client_id: this.#options.clientId });
    const request = new Request(`${this.#options.issuer}/oauth2/${path}`, { method: "POST", body, cache: "no-store", credentials: "omit", redirect: "error" });
    const response = await send(request).catch(() => {
      throw new MortiseError("unavailable", "The server cannot be reached.");
    });
    const answer = ((await response.json().catch(() => null)) ?? {}) as TokenAnswer;
    if (!response.ok) {
      const code = response.status >= 500 || response.status === 429 ? "unavailable" : (answer.error ?? "bad_answer");
      throw new MortiseError(code, answer.error_description ?? `The server answered ${response.status}.`, response.status);
    }
    return answer;
  }

  #good(refused?: string): string | null {
    const t = this.state.token;
    return t && t.text !== refused && t.renewAt > this.#env.now() ? t.text : null;
  }

  async #enter(key: Key, a: TokenAnswer, asked: number, epoch: number, entered: boolean): Promise<void> {
    if (this.state.epoch !== epoch) {
      return; // signed out, or in again, meanwhile
    }
    await this.#vault.put(this.#name, { key, ...(a.refresh_token && { refresh: a.refresh_token }), ...(a.id_token && { id: a.id_token }) } satisfies Kept);
    this.#key = key;
    const lasts = a.expires_in! * 1000;
    const token: Token = { text: a.access_token!, scope: a.scope ?? null, renewAt: asked + lasts - Math.min(margin, lasts / 10) };
    const { sub, sid, name, email } = claims(a.id_token);
    const user = sub ? { id: sub, ...(email && { email }), ...(name && { name }) } : null;
    this.state.enter(token, user, sid ?? null, entered);
    this.#tabs.tell({ kind: "token", entered, token, user: this.state.user, session: this.state.id });
  }

  #leave(reason: string): void {
    this.#key = null;
    this.state.leave(reason);
    this.#tabs.tell({ kind: "out", reason });
  }

  #learn(news: News): void {
    this.#key = null; // a sign-in of another tab brought its own
    if (news.kind === "out") {
      this.state.leave(news.reason);
    } else if (news.entered || this.state.status !== "signed-out") {
      this.state.enter(news.token, news.user, news.session, news.entered);
    }
  }

  #pending(state: string): string {
    return `${this.#name} pending ${state}`;
  }
}
