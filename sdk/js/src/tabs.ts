import { sleep, type Channel, type Environment } from "./environment.js";
import type { User } from "./types.js";

/** What is handed to the other tabs. Messages are kept nowhere. */
export type News =
  /** A new access token. entered: somebody signed in, or a tab found them signed in. */
  | { kind: "token"; entered: boolean; token: Token; user: User | null; session: string | null }
  | { kind: "out"; reason: string };

/** An access token and how long it is good. */
export interface Token {
  text: string;
  scope: string | null;
  /** When to renew it, in milliseconds since 1970. */
  renewAt: number;
}

type Signal = { kind: "claim" | "busy"; id: number } | { kind: "free" };

// How long a claim may be contested, how long the holder's news may take, and how
// often a tab without locks waits for another before it goes ahead.
const contest = 60;
const hearing = 250;
const rounds = 30;

/** The tabs of one app: news for all, and one of them at a time at the server. */
export class Tabs {
  readonly #env: Environment;
  readonly #name: string;
  readonly #channel: Channel | undefined;
  readonly #listener: (news: News) => void;
  #waiting: (() => void)[] = [];
  #claim = 0; // of this tab, while there are no locks; 0: none
  #held = false;
  #lost = false;

  constructor(env: Environment, name: string, listener: (news: News) => void) {
    this.#env = env;
    this.#name = name;
    this.#listener = listener;
    this.#channel = env.channel(name);
    if (this.#channel) {
      this.#channel.onmessage = (event) => this.#hear(event.data as News | Signal);
    }
  }

  /** Sends news to the other tabs. */
  tell(news: News | Signal): void {
    this.#channel?.postMessage(news);
  }

  /** Resolves when another tab says something, or has had the time to. */
  heard(ms = hearing): Promise<void> {
    return Promise.race([new Promise<void>((done) => this.#waiting.push(done)), sleep(this.#env, ms)]);
  }

  close(): void {
    this.#channel?.close();
  }

  /**
   * Runs act while no other tab runs one, and tells it whether another just did: then
   * there may be news on the way that make act needless.
   */
  async exclusive<T>(act: (second: boolean) => Promise<T>): Promise<T> {
    const locks = this.#env.locks;
    if (!locks) {
      return this.#contested(act);
    }
    const first = await locks.request(this.#name, { ifAvailable: true }, async (lock) => (lock ? { result: await act(false) } : null));
    return first ? first.result : locks.request(this.#name, () => act(true));
  }

  // Without locks tabs claim their turn over the channel and the lowest claim wins.
  // Slow tabs may still collide: the server answers both, within its limits.
  async #contested<T>(act: (second: boolean) => Promise<T>): Promise<T> {
    let second = false;
    for (let n = 0; this.#channel && n < rounds && !(await this.#won()); n++) {
      second = true;
      await this.heard();
    }
    this.#held = true;
    try {
      return await act(second);
    } finally {
      this.#held = false;
      this.#claim = 0;
      this.tell({ kind: "free" });
    }
  }

  async #won(): Promise<boolean> {
    this.#claim = this.#env.random() + 1;
    this.#lost = false;
    this.tell({ kind: "claim", id: this.#claim });
    await sleep(this.#env, contest);
    if (this.#lost) {
      this.#claim = 0;
    }
    return !this.#lost;
  }

  #hear(m: News | Signal): void {
    switch (m.kind) {
      case "claim":
        if (this.#held || (this.#claim && this.#claim < m.id)) {
          this.tell({ kind: "busy", id: m.id });
        } else if (this.#claim) {
          this.#lost = true;
        }
        return;
      case "busy":
        this.#lost ||= m.id === this.#claim;
        return;
      case "token":
      case "out":
        this.#listener(m);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    waiting.forEach((done) => done());
  }
}
