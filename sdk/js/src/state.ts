import type { Token } from "./tabs.js";
import type { Session, User } from "./types.js";

/** Who is signed in, for this tab. The token is in memory and nowhere else. */
export class State {
  /** Grows whenever somebody signs in or out: what began before is out of date. */
  epoch = 0;
  status: Session["status"] = "unknown";
  token: Token | null = null;
  user: User | null = null;
  id: string | null = null;
  reason: string | null = null;
  readonly #listeners = new Set<(session: Session) => void>();

  view(): Session {
    return {
      status: this.status,
      user: this.user && { ...this.user },
      id: this.id,
      scope: this.token?.scope ?? null,
      reason: this.reason,
    };
  }

  listen(listener: (session: Session) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a token. entered: it begins a sign-in rather than renewing one. */
  enter(token: Token, user: User | null, id: string | null, entered: boolean): void {
    const news = this.status !== "signed-in" || (user !== null && user.id !== this.user?.id);
    this.token = token;
    this.user = user && user.id === this.user?.id ? { ...this.user, ...user } : (user ?? this.user);
    this.id = id ?? this.id;
    this.status = "signed-in";
    this.reason = null;
    this.epoch += entered ? 1 : 0;
    this.#emit(news);
  }

  /** Forgets everything. Only the first of several is news. */
  leave(reason: string): void {
    const news = this.status !== "signed-out";
    this.token = this.user = this.id = null;
    this.status = "signed-out";
    this.epoch++;
    if (news) {
      this.reason = reason;
    }
    this.#emit(news);
  }

  #emit(news: boolean): void {
    for (const listener of news ? [...this.#listeners] : []) {
      // A listener that fails must not keep the others, or a sign-out, from happening.
      try {
        listener(this.view());
      } catch (e) {
        queueMicrotask(() => {
          throw e;
        });
      }
    }
  }
}
