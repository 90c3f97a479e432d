/** What a fake forge knows of one deploy key. */
export interface FakeKey {
  readonly id: number;
  readonly title: string;
  /** type and base64, without comment */
  readonly key: string;
  readonly readOnly: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

/** A request as a fake forge sees it. */
export interface FakeRequest {
  readonly method: string;
  /** below the base of the API, not decoded */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  /** `http://127.0.0.1:port` */
  readonly origin: string;
}

export interface FakeReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** text is sent as it is, anything else as JSON; undefined: no body */
  readonly body?: unknown;
}

/** Everything a fake forge keeps. */
export class ForgeState {
  /** path of the repository, in lower case → keys by age */
  readonly repos = new Map<string, FakeKey[]>();
  /** tokens that may do everything */
  readonly admins = new Set<string>();
  /** tokens that see repositories, but may not manage keys */
  readonly readers = new Set<string>();
  #nextId = 1000;

  keysOf(path: string): FakeKey[] | undefined {
    return this.repos.get(path.toLowerCase());
  }

  /** Whether any repository has this key. */
  hasKey(key: string): boolean {
    return [...this.repos.values()].flat().some((each) => each.key === key);
  }

  add(keys: FakeKey[], key: Omit<FakeKey, 'id' | 'createdAt'>): FakeKey {
    const added = { ...key, id: (this.#nextId += 1), createdAt: new Date() };
    keys.push(added);
    return added;
  }

  remove(keys: FakeKey[], id: number): boolean {
    const at = keys.findIndex((key) => key.id === id);
    if (at >= 0) keys.splice(at, 1);
    return at >= 0;
  }
}

/** `ssh-ed25519 AAAA… comment` without the comment; null when it is no public key. */
export function bareKey(text: string): string | null {
  return (
    /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+={0,2}(?=\s|$)/.exec(
      text.trim(),
    )?.[0] ?? null
  );
}

/** One page of items, `page` from 1; a size out of 1..max becomes the nearest allowed one. */
export function pageOf<T>(
  items: readonly T[],
  query: URLSearchParams,
  sizeName: string,
  sizes: { default: number; max: number },
) {
  const size = Math.min(
    sizes.max,
    Math.max(1, Number(query.get(sizeName) ?? sizes.default) || sizes.default),
  );
  const page = Math.max(1, Number(query.get('page') ?? 1) || 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  return { items: items.slice((page - 1) * size, page * size), page, size, last, total: items.length };
}

/** RFC 8288 header as GitHub and GitLab send it; undefined when there is one page only. */
export function linkHeader(
  url: string,
  query: URLSearchParams,
  page: number,
  last: number,
): string | undefined {
  if (last === 1) return undefined;
  const link = (to: number, rel: string): string => {
    const parameters = new URLSearchParams(query);
    parameters.set('page', String(to));
    return `<${url}?${parameters.toString()}>; rel="${rel}"`;
  };
  return [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next')] : []),
    link(1, 'first'),
    link(last, 'last'),
  ].join(', ');
}

/** The members of a JSON object, nothing for any other value. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}
