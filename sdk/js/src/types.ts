/** What {@link createClient} needs to know. */
export interface Options {
  /** The issuer with its path, such as `https://app.example.com/auth`. */
  issuer: string;
  /** The registered client: public, first-party, with this page's origin among its origins. */
  clientId: string;
  /** Scopes to ask for at sign-in, separated by spaces. Default: all the client is registered for. */
  scope?: string;
  /** Identifiers of the APIs the tokens are for. Default: all the client is registered for. */
  resource?: string | readonly string[];
  /**
   * Addresses that may receive the access token: an origin, or an origin with the
   * beginning of a path. Default: those of `resource` that are addresses.
   */
  apis?: readonly string[];
  /** Replaces the browser's fetch, for tests and for instrumentation. */
  fetch?: typeof globalThis.fetch;
}

/** Who is signed in. */
export interface User {
  id: string;
  /** Known after a sign-in in one of this app's tabs, not after a reload. */
  email?: string;
  name?: string;
}

/** How the person is signed in, as far as this tab knows. Never holds a token. */
export interface Session {
  /** `unknown` until the server was asked for the first time. */
  status: "unknown" | "signed-in" | "signed-out";
  user: User | null;
  /** The session at the server, `ses_…`. */
  id: string | null;
  /** Scopes of the access token, separated by spaces. */
  scope: string | null;
  /** Why nobody is signed in: `signed_out` by the person, else the server's error code. */
  reason: string | null;
}

/** How a step of a sign-in ended. */
export type SignIn =
  | { status: "complete"; user: User | null }
  /** More is needed: call signIn again with what `next` names. */
  | { status: "continue"; next: string[] };

/** The client of one app. Its functions need no `this`. */
export interface Client {
  /**
   * Signs in with a password and, when the answer was `continue`, with the mailed code.
   * @throws {@link MortiseError} with the server's code, such as `credentials_wrong`.
   */
  signIn(identifier: string, password: string, more?: { code?: string }): Promise<SignIn>;
  /**
   * The access token, renewed when it is about to expire; null when nobody is signed in.
   * @throws {@link MortiseError} `unavailable` when the server cannot be reached.
   */
  getAccessToken(): Promise<string | null>;
  /**
   * fetch that adds the access token for the addresses in `apis`, and nothing elsewhere.
   * @throws {@link MortiseError} as getAccessToken, else what fetch throws.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Renews now, and asks the server even when nobody was signed in. True: signed in.
   * @throws {@link MortiseError} as getAccessToken.
   */
  refresh(): Promise<boolean>;
  /**
   * Signs out here, in the other tabs and at the server.
   * @throws {@link MortiseError} when the server could not be told. Here it is done all the
   * same, but the cookie still lives: tell the person, and let them try again.
   */
  signOut(): Promise<void>;
  /**
   * Calls listener whenever somebody signs in or out, here or in another tab, and when it
   * turns out who they are. Returns what ends that.
   */
  onChange(listener: (session: Session) => void): () => void;
  /** How the person is signed in, as far as this tab knows. */
  readonly session: Session;
  /** Forgets the token in this tab and stops listening to others. The session lives on. */
  close(): void;
}
