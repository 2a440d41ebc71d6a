const loopback = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/** Reads an address that may receive a secret: https, or http on this machine. */
export function trusted(text: string, what: string): URL {
  const url = new URL(text);
  const safe = url.protocol === "https:" || (url.protocol === "http:" && loopback.test(url.hostname));
  if (!safe || url.username || url.password || url.search || url.hash) {
    throw new TypeError(`${what} must be an https address without query and fragment: ${text}`);
  }
  return url;
}

/** Whether an address may receive the token. */
export type Guard = (address: string) => boolean;

/** Lets through what is below one of the addresses: same origin, same beginning of the path. */
export function below(addresses: readonly string[]): Guard {
  const bases = addresses.map((text) => {
    const url = trusted(text, "apis");
    return { origin: url.origin, path: url.pathname.replace(/\/*$/, "/") };
  });
  return (address) => {
    const url = new URL(address);
    return bases.some((b) => url.origin === b.origin && (url.pathname + "/").startsWith(b.path));
  };
}
