import { createHash, createPublicKey, verify } from "node:crypto";
import { api, issuer } from "./backend.js";

/** One request as the fake saw it. */
export interface Proven {
  jkt: string;
  claims: Record<string, unknown>;
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });

const sha256 = (text: string) => createHash("sha256").update(text).digest("base64url");

/** Checks a proof with nothing of the client's own code. */
export function check(request: Request, token?: string): Proven {
  const parts = (request.headers.get("DPoP") ?? "").split(".");
  const [header, claims] = parts.slice(0, 2).map((p) => JSON.parse(Buffer.from(p, "base64url").toString())) as [Record<string, any>, Record<string, unknown>];
  const key = createPublicKey({ key: header["jwk"], format: "jwk" });
  const { pathname, origin } = new URL(request.url);
  const good =
    header["typ"] === "dpop+jwt" && header["alg"] === "ES256" && !("d" in header["jwk"]) &&
    verify("sha256", Buffer.from(parts[0] + "." + parts[1]), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(parts[2]!, "base64url")) &&
    claims["htm"] === request.method && claims["htu"] === origin + pathname && claims["ath"] === (token && sha256(token));
  if (!good) {
    throw new Error("a bad proof: " + JSON.stringify({ header, claims }));
  }
  const { crv, kty, x, y } = header["jwk"];
  return { jkt: sha256(JSON.stringify({ crv, kty, x, y })), claims };
}

/** A provider that binds all to keys, and an API that takes its tokens. */
export class Provider {
  nonce = "n1";
  challenge = new URLSearchParams();
  readonly forms: URLSearchParams[] = [];
  readonly seen: Proven[] = [];
  readonly jtis = new Set<string>();
  #bound = ""; // thumbprint
  #refresh = "";
  #access = new Map<string, string>();
  #serial = 0;

  /** What the issuer's pages do: the address the browser comes back to. */
  approve(address: string, change: Record<string, string> = {}): string {
    this.challenge = new URL(address).searchParams;
    const back = new URL(this.challenge.get("redirect_uri")!);
    for (const [name, value] of Object.entries({ code: "c1", state: this.challenge.get("state")!, iss: issuer, ...change })) {
      back.searchParams.set(name, value);
    }
    return back.href;
  }

  /** Ends the grant, as somebody's sign-out elsewhere does. */
  end(): void {
    this.#refresh = "";
  }

  expire(): void {
    this.#access.clear();
  }

  fetch = async (input: RequestInfo | URL): Promise<Response> => {
    const request = input as Request;
    if (request.url.startsWith(api)) {
      return this.#resource(request);
    }
    const form = new URLSearchParams(await request.text());
    this.forms.push(form);
    if (request.url === issuer + "/oauth2/revoke") {
      this.end();
      return new Response(null, { status: 200 });
    }
    const proof = this.#prove(request);
    if (proof.claims["nonce"] !== this.nonce) {
      return json(400, { error: "use_dpop_nonce" }, { "DPoP-Nonce": this.nonce });
    }
    return this.#grant(form, proof);
  };

  #prove(request: Request, token?: string): Proven {
    const proof = check(request, token);
    const { jti } = proof.claims;
    if (this.jtis.has(String(jti))) {
      throw new Error("a proof was sent twice");
    }
    this.jtis.add(String(jti));
    this.seen.push(proof);
    return proof;
  }

  #grant(form: URLSearchParams, { jkt }: Proven): Response {
    if (form.get("grant_type") === "authorization_code") {
      const asked = this.challenge;
      if (form.get("code") !== "c1" || sha256(form.get("code_verifier")!) !== asked.get("code_challenge") || jkt !== asked.get("dpop_jkt")) {
        return json(400, { error: "invalid_grant" });
      }
      this.#bound = jkt;
    } else if (!this.#refresh || form.get("refresh_token") !== this.#refresh || jkt !== this.#bound) {
      return json(400, { error: "invalid_grant" });
    }
    const access = "access" + ++this.#serial;
    this.#access.set(access, jkt);
    this.#refresh = "refresh" + this.#serial;
    const claims = { iss: issuer, sub: "usr_1", sid: "ses_1", nonce: this.challenge.get("nonce") };
    const id = form.get("code") ? { id_token: `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln` } : {};
    return json(200, { access_token: access, token_type: "DPoP", expires_in: 300, refresh_token: this.#refresh, scope: "openid", ...id });
  }

  #resource(request: Request): Response {
    const [scheme, token] = (request.headers.get("Authorization") ?? "").split(" ") as [string, string | undefined];
    const proof = this.#prove(request, token);
    if (scheme !== "DPoP" || this.#access.get(token!) !== proof.jkt) {
      return json(401, {}, { "WWW-Authenticate": 'DPoP error="invalid_token"' });
    }
    return proof.claims["nonce"] === "api1" ? json(200, { ok: true }) : json(401, {}, { "WWW-Authenticate": 'DPoP error="use_dpop_nonce"', "DPoP-Nonce": "api1" });
  }
}
