// The cookie of a session, read and written (RFC 6265 §4.1, §5.4). Pure.

export const SESSION_COOKIE = 'kickstand-session';

const SECRET = /^[A-Za-z0-9_-]{20,100}$/;

/** The session's secret in a `Cookie` header; undefined where there is none, or two that differ. */
export function sessionSecretOf(header: string | undefined): string | undefined {
  const found = new Set(
    (header ?? '')
      .slice(0, 16_384)
      .split(';')
      .map((pair) => pair.trim().split('='))
      .flatMap(([name, value = '']) => (name === SESSION_COOKIE ? [value] : [])),
  );
  const [only] = found;
  return found.size === 1 && only !== undefined && SECRET.test(only) ? only : undefined;
}

/**
 * The `Set-Cookie` that opens a session, or ends it where `secret` is empty: unseen by scripts, sent by no other site. `isSecure` where the
 * page came over TLS; over plain HTTP a browser would not keep a `Secure` cookie.
 */
export function sessionCookie({ secret, maxAgeSeconds, isSecure }: SessionCookie): string {
  const secure = isSecure ? '; Secure' : '';
  return `${SESSION_COOKIE}=${secret}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

export type SessionCookie = { readonly secret: string; readonly maxAgeSeconds: number; readonly isSecure: boolean };
