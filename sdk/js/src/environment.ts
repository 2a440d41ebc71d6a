/** What a client needs from the browser; tests bring their own. */
export interface Environment {
  fetch: typeof fetch;
  /** Milliseconds since 1970. Timers that stop while a laptop sleeps would miss an expiry. */
  now(): number;
  /** Between 0 and 1. Spreads retries; nothing secret comes of it. */
  random(): number;
  /** Calls act after ms, unless the returned function is called before. */
  after(ms: number, act: () => void): () => void;
  /** Resolves when the network comes back. */
  online(): Promise<void>;
  locks: Pick<LockManager, "request"> | undefined;
  channel: (name: string) => Channel | undefined;
}

/** The part of a BroadcastChannel that is used. */
export interface Channel {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** The browser this runs in. Pages that are no secure context have no locks. */
export const browser: Environment = {
  fetch: (input, init) => fetch(input, init),
  now: () => Date.now(),
  random: () => Math.random(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  online: () => new Promise((done) => globalThis.addEventListener?.("online", () => done(), { once: true })),
  locks: globalThis.navigator?.locks,
  channel: (name) => (typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(name)),
};

/** Resolves after ms. */
export function sleep(env: Environment, ms: number): Promise<void> {
  return new Promise((done) => env.after(ms, done));
}
