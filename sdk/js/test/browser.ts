import { createIn } from "../src/client.js";
import type { Channel, Environment } from "../src/environment.js";
import type { Client, Options, Session } from "../src/types.js";
import { api, Backend, issuer } from "./backend.js";
import { Clock } from "./clock.js";

/** What a fake browser can do. */
interface Abilities {
  locks?: boolean;
  channels?: boolean;
}

/** A browser whose tabs share a cookie jar, locks and channels. */
export class Browser {
  readonly clock = new Clock();
  readonly backend = new Backend(this.clock);
  readonly #can: Required<Abilities>;
  readonly #queue: (() => void)[] = [];
  readonly #channels = new Set<Channel & { name: string }>();
  #busy = false;
  #online: (() => void)[] = [];
  /** The random numbers to come: each is 0.37 more than the last, modulo 1. */
  dice = 0;
  /** Everything that was said between tabs. */
  readonly said: unknown[] = [];

  constructor(can: Abilities = {}) {
    this.#can = { locks: true, channels: true, ...can };
  }

  tab(options: Partial<Options> = {}): Tab {
    return new Tab(createIn(this.#environment(), { issuer, clientId: "spa", apis: [api], ...options }));
  }

  backOnline(): void {
    this.#online.splice(0).forEach((done) => done());
  }

  #environment(): Environment {
    return {
      fetch: this.backend.fetch,
      now: () => this.clock.now,
      random: () => (this.dice = (this.dice + 0.37) % 1),
      after: (ms, act) => this.clock.after(ms, act),
      online: () => new Promise((done) => this.#online.push(done)),
      locks: this.#can.locks ? { request: this.#request as LockManager["request"] } : undefined,
      channel: (name) => (this.#can.channels ? this.#channel(name) : undefined),
    };
  }

  // Web Locks: first come, first served; released when the callback is through.
  #request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
    const act = rest.pop() as (lock: unknown) => unknown;
    const [options] = rest as [{ ifAvailable?: boolean }?];
    if (this.#busy && options?.ifAvailable) {
      return act(null);
    }
    if (this.#busy) {
      await new Promise<void>((turn) => this.#queue.push(turn));
    }
    this.#busy = true;
    try {
      return await act({ name });
    } finally {
      this.#busy = this.#queue.length > 0;
      this.#queue.shift()?.();
    }
  };

  // A message takes longer than a lock: the order in which browsers deliver them is open.
  #channel(name: string): Channel {
    const channel: Channel & { name: string } = {
      name,
      onmessage: null,
      postMessage: (message) => {
        this.said.push(message);
        const others = [...this.#channels].filter((c) => c !== channel && c.name === name);
        const data = structuredClone(message);
        this.clock.after(5, () => others.forEach((c) => this.#channels.has(c) && c.onmessage?.({ data } as MessageEvent)));
      },
      close: () => this.#channels.delete(channel),
    };
    this.#channels.add(channel);
    return channel;
  }
}

/** One tab, with what it was told. */
export class Tab {
  readonly changes: Session[] = [];

  constructor(readonly client: Client) {
    client.onChange((session) => this.changes.push(session));
  }

  /** The statuses it was told, such as "signed-in signed-out". */
  get told(): string {
    return this.changes.map((s) => s.status).join(" ");
  }
}
