const MAX_ENTRIES = 1024;
const MAX_LENGTH = 128;

/**
 * Remembers what a pure function gives for short texts: names of fields and hosts are the same in nearly every request.
 * Whoever sends others all the time gains nothing and loses little.
 */
export function remembered<Value>(make: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (text.length > MAX_LENGTH) return make(text);
    // A copy: a part of a longer text, as which it comes, keeps all of that in memory.
    const own = Buffer.from(text, 'latin1').toString('latin1');
    if (own !== text) return make(text);
    const made = make(own);
    if (known.size >= MAX_ENTRIES) known.clear();
    known.set(own, made);
    return made;
  };
}
