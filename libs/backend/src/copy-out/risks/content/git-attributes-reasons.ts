/** Drivers that git has itself and that run nothing (userdiff.c, ll-merge.c). */
const builtIn: Readonly<Record<string, ReadonlySet<string>>> = {
  diff: new Set(
    'ada bash bibtex cpp csharp css dts elixir fortran fountain golang html ini java kotlin markdown matlab objc pascal perl php python r ruby rust scheme tex'.split(
      ' ',
    ),
  ),
  merge: new Set(['text', 'binary', 'union']),
  filter: new Set(),
};

/** Filters and drivers that attributes name; the host's own configuration may know programs for them. */
export function gitAttributesReasons(text: string): string[] {
  const found = new Set<string>();
  for (const [, attribute = '', name = ''] of text.matchAll(/\b(diff|merge|filter)=([^\s]*)/g)) {
    if (builtIn[attribute]?.has(name) !== true) found.add(`names the ${attribute} driver ${name}`);
  }
  return [...found];
}
