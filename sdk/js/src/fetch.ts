import type { Guard } from "./address.js";
import type { Environment } from "./environment.js";

// After an API refused even a renewed token, renewing is no cure: leave it for a while.
const rest = 30_000;

/** What authorized needs. */
export interface Source {
  /** Sends a request with a token, or without one. */
  send: (request: Request, token: string | null) => Promise<Response>;
  now: Environment["now"];
  guard: Guard;
  /** The access token, another than the refused one; null when nobody is signed in. */
  token: (refused?: string) => Promise<string | null>;
}

/**
 * Returns a fetch that adds the access token where guard lets it. When the API says
 * that the token is no good, it is renewed once and the request sent once more.
 */
export function authorized(source: Source): (input: RequestInfo | URL, init?: RequestInit) => Promise<Response> {
  let restUntil = 0;
  return async (input, init) => {
    const request = new Request(input, init);
    if (!source.guard(request.url) || request.headers.has("Authorization")) {
      return source.send(request, null);
    }
    const token = await source.token();
    // A stream can be read once; everything else can be sent again, and a refused
    // request did nothing, so that any method may be.
    const again = init?.body instanceof ReadableStream ? null : request.clone();
    const response = await source.send(request, token);
    if (!token || response.status !== 401 || source.now() < restUntil || !(await isOver(response))) {
      return response;
    }
    const renewed = await source.token(token);
    if (!renewed || renewed === token || !again) {
      return response;
    }
    await response.body?.cancel();
    const second = await source.send(again, renewed);
    restUntil = second.status === 401 ? source.now() + rest : 0;
    return second;
  };
}

/** Sends tokens as Bearer. */
export function bearer(fetch: Environment["fetch"]): Source["send"] {
  return (request, token) => {
    if (token) {
      request.headers.set("Authorization", "Bearer " + token);
    }
    return fetch(request);
  };
}

/** Codes of APIs whose WWW-Authenticate header this page may not read. */
const over = /^(invalid_token|token_(expired|revoked|inactive))$/;

/** Whether a 401 is about the token (RFC 6750, 3.1), by its header or its problem document. */
async function isOver(response: Response): Promise<boolean> {
  if (/\berror="?invalid_token\b/.test(response.headers.get("WWW-Authenticate") ?? "")) {
    return true;
  }
  if (!/\bjson\b/.test(response.headers.get("Content-Type") ?? "")) {
    return false;
  }
  const body = (await response.clone().json().catch(() => null)) as { code?: unknown; error?: unknown } | null;
  return over.test(String(body?.code ?? body?.error));
}
