import type { Environment } from "./environment.js";

/** A key that cannot be exported: scripts can use it while they run, and never take it along. */
export interface Key {
  pair: CryptoKeyPair;
  jwk: { kty: string; crv: string; x: string; y: string };
  /** RFC 7638 thumbprint. */
  jkt: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
const utf8 = new TextEncoder();

/** Makes a P-256 key for ES256. */
export async function newKey(): Promise<Key> {
  const pair = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const { x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  // In the order and with the members that a thumbprint is made of.
  const jwk = { crv: "P-256", kty: "EC", x: x!, y: y! };
  return { pair, jwk, jkt: await hash(JSON.stringify(jwk)) };
}

/** base64url of SHA-256. */
export async function hash(text: string): Promise<string> {
  return base64url(await crypto.subtle.digest("SHA-256", utf8.encode(text)));
}

/** 256 random bits. */
export function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)).buffer);
}

function base64url(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Makes DPoP proofs (RFC 9449), with the nonces that each server asked for. */
export class Prover {
  readonly #env: Pick<Environment, "fetch" | "now">;
  readonly #nonces = new Map<string, string>();

  constructor(env: Pick<Environment, "fetch" | "now">) {
    this.#env = env;
  }

  /** Sends a request with a proof, and once more when the server wants a nonce in it. */
  async send(request: Request, key: Key, token?: string): Promise<Response> {
    const { origin } = new URL(request.url);
    // A stream that is being read cannot be sent again; a body of the page's can.
    const again = request.clone();
    const had = this.#nonces.get(origin);
    const response = await this.#once(request, key, token);
    const nonce = this.#nonces.get(origin);
    if (!nonce || nonce === had || !(await wantsNonce(response))) {
      return response;
    }
    await response.body?.cancel();
    return this.#once(again, key, token);
  }

  async #once(request: Request, key: Key, token?: string): Promise<Response> {
    request.headers.set("DPoP", await this.#proof(request, key, token));
    if (token) {
      request.headers.set("Authorization", "DPoP " + token);
    }
    const response = await this.#env.fetch(request);
    const nonce = response.headers.get("DPoP-Nonce");
    if (nonce) {
      this.#nonces.set(new URL(request.url).origin, nonce);
    }
    return response;
  }

  async #proof(request: Request, key: Key, token?: string): Promise<string> {
    const { origin, pathname } = new URL(request.url);
    const nonce = this.#nonces.get(origin);
    const claims = {
      jti: random(), htm: request.method, htu: origin + pathname, iat: Math.floor(this.#env.now() / 1000),
      ...(nonce && { nonce }), ...(token && { ath: await hash(token) }),
    };
    const input = [{ typ: "dpop+jwt", alg: "ES256", jwk: key.jwk }, claims].map((part) => base64url(utf8.encode(JSON.stringify(part)).buffer)).join(".");
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.pair.privateKey, utf8.encode(input));
    return input + "." + base64url(signature);
  }
}

/** Whether a refusal asks for a nonce: 401 of an API, 400 of the token endpoint. */
async function wantsNonce(response: Response): Promise<boolean> {
  if (response.status === 401) {
    return /\berror="?use_dpop_nonce\b/.test(response.headers.get("WWW-Authenticate") ?? "");
  }
  const body = response.status === 400 ? ((await response.clone().json().catch(() => null)) as { error?: unknown } | null) : null;
  return body?.error === "use_dpop_nonce";
}
