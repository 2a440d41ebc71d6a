/** The claims of an ID token that are shown to the app. */
export interface Claims {
  sub?: string;
  sid?: string;
  name?: string;
  email?: string;
}

/**
 * Reads an ID token that came straight from the token endpoint, where TLS vouches
 * for it (OpenID Connect Core, 3.1.3.7). What cannot be read has no claims.
 */
export function claims(text: string | undefined): Claims {
  try {
    const part = text!.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
  } catch {
    return {};
  }
}
