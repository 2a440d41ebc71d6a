import { below, trusted } from "./address.js";
import { browser, type Environment } from "./environment.js";
import { MortiseError } from "./error.js";
import { authorized } from "./fetch.js";
import { Core, type Page } from "./redirectcore.js";
import type { Options, Session } from "./types.js";
import { indexed, type Vault } from "./vault.js";

export { MortiseError };
export type { Session, User } from "./types.js";

/** What {@link createRedirectClient} needs to know. */
export interface RedirectOptions extends Omit<Options, "scope"> {
  /** This app's page that calls handleCallback, as it is registered. */
  redirectUri: string;
  /** Scopes to ask for, separated by spaces. Default `openid`. */
  scope?: string;
  /** Whether a sign-in that ended elsewhere leads to the sign-in page by itself. Default true. */
  automatic?: boolean;
}

/** Details of one sign-in. */
export interface SignInOptions {
  /** Where handleCallback says to go on. Default: the address of this page. */
  returnTo?: string;
  /** `login` asks for the password again, `create` opens the registration, `select_account` asks who. */
  prompt?: string;
  /** An address to fill in. */
  loginHint?: string;
}

/** Details of a sign-out. */
export interface SignOutOptions {
  /**
   * Leaves this page for the issuer, which signs the person out there too and leads here:
   * one of the app's `post_logout_redirect_uris`. Default: only this app is signed out.
   */
  returnTo?: string;
}

/** The client of an app whose people sign in on the issuer's pages. Its functions need no `this`. */
export interface RedirectClient {
  /** Leaves this page for the issuer's sign-in. */
  signIn(options?: SignInOptions): Promise<void>;
  /**
   * Ends a sign-in on the page it leads back to, and takes its parameters out of the
   * address. Null when the address is no answer to a sign-in.
   * @throws {@link MortiseError} the issuer's error such as `access_denied`, or
   * `state_unknown` when this browser began no such sign-in, or it was used before.
   */
  handleCallback(address?: string): Promise<{ returnTo: string } | null>;
  /** The access token, renewed when it is about to expire; null when nobody is signed in. It is worth nothing without the key. */
  getAccessToken(): Promise<string | null>;
  /** fetch that adds the access token and a proof for the addresses in `apis`, and nothing elsewhere. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** Renews now. True: somebody is signed in. Call it at start. */
  refresh(): Promise<boolean>;
  /** Forgets everything here and in the other tabs, and has the issuer take the tokens back. */
  signOut(options?: SignOutOptions): Promise<void>;
  onChange(listener: (session: Session) => void): () => void;
  readonly session: Session;
  close(): void;
}

/** Makes the client of an app. One for each page is enough. */
export function createRedirectClient(options: RedirectOptions): RedirectClient {
  const { fetch } = options;
  const env = fetch ? { ...browser, fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init) } : browser;
  const page: Page = {
    address: () => location.href,
    go: (address) => location.assign(address),
    replace: (address) => history.replaceState(history.state, "", address),
  };
  return createRedirectIn(env, page, indexed(), options);
}

/** @internal */
export function createRedirectIn(env: Environment, page: Page, vault: Vault, options: RedirectOptions): RedirectClient {
  const core = new Core(env, page, vault, { ...options, issuer: trusted(options.issuer, "issuer").href.replace(/\/$/, "") });
  const resources = ([] as string[]).concat(options.resource ?? []);
  const guard = below(options.apis ?? resources.filter((r) => /^https?:/.test(r)));
  return Object.freeze({
    signIn: core.signIn.bind(core),
    handleCallback: core.handleCallback.bind(core),
    getAccessToken: core.getAccessToken.bind(core),
    fetch: authorized({ send: core.send.bind(core), now: env.now, guard, token: core.getAccessToken.bind(core) }),
    refresh: async () => (await core.renew()) !== null,
    signOut: core.signOut.bind(core),
    onChange: (listener: (session: Session) => void) => core.state.listen(listener),
    get session() {
      return core.state.view();
    },
    close: () => core.close(),
  });
}
