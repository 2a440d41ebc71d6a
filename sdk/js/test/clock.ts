/** Time that passes only while nothing else happens. */
export class Clock {
  now = Date.UTC(2030, 0, 1);
  #timers: { at: number; act: () => void }[] = [];

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.now + ms, act };
    this.#timers.push(timer);
    this.#timers.sort((a, b) => a.at - b.at);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }

  /** Lets time pass until promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => (settled = true);
    promise.then(done, done);
    while (await quiet(), !settled) {
      if (!this.#step()) {
        throw new Error("nothing is going to happen any more");
      }
    }
    return promise;
  }

  /** Lets ms pass with all that happens in them. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await quiet();
    while (this.#timers[0] && this.#timers[0].at <= end) {
      this.#step();
      await quiet();
    }
    this.now = end;
  }

  #step(): boolean {
    const next = this.#timers.shift();
    if (next) {
      this.now = Math.max(this.now, next.at);
      next.act();
    }
    return next !== undefined;
  }
}

/** Resolves when all that was ready has happened. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((done) => setImmediate(done));
  }
}
