/** What `make` gives, made when it is first asked for and kept: Node takes 4 ms to read the first IPv6 address. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
