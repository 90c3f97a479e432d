/** A JSON Web Token whose signature nobody here can check; only its payload is of interest. */
export type JwtClaims = Readonly<Record<string, unknown>>;

/** Payload of a token in compact form (RFC 7519, RFC 7515 section 7.1), null when it is none. */
export function jwtClaims(token: string): JwtClaims | null {
  const parts = token.split('.');
  const [header, payload] = parts;
  if (parts.length !== 3 || header === undefined || payload === undefined) return null;
  return jsonObject(header) === null ? null : jsonObject(payload);
}

function jsonObject(part: string): Record<string, unknown> | null {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** Time at which a token expires (RFC 7519 section 4.1.4), null when it does not say. */
export function jwtExpiry(claims: JwtClaims): Date | null {
  const { exp } = claims;
  // Beyond this a Date has no value.
  return typeof exp === 'number' && Number.isFinite(exp) && Math.abs(exp) <= 8.64e12
    ? new Date(exp * 1000)
    : null;
}

/** A token that proves nothing, for programs that look at the payload only. They want a signature that is not empty. */
export function unsignedJwt(claims: JwtClaims): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.${Buffer.from('unsigned').toString('base64url')}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
