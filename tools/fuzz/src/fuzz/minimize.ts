const MAX_TRIES = 1500;
/** Inputs of a network cost tens of milliseconds each. */
const MAX_MS = 60_000;

/** The shortest input found that still fails: pieces are left out, halves first, then bytes are made plain. */
export async function minimize(
  input: Buffer,
  stillFails: (bytes: Buffer) => Promise<boolean>,
): Promise<Buffer> {
  let best = input;
  let tries = 0;
  const end = performance.now() + MAX_MS;
  const isSpent = (): boolean => tries >= MAX_TRIES || performance.now() >= end;
  const attempt = async (bytes: Buffer): Promise<boolean> => {
    if (isSpent()) return false;
    tries += 1;
    if (!(await stillFails(bytes))) return false;
    best = bytes;
    return true;
  };
  for (let size = Math.ceil(best.length / 2); size >= 1 && !isSpent(); size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length && tries < MAX_TRIES;) {
      const without = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (!(await attempt(without))) at += size;
    }
  }
  for (let at = 0; at < best.length && !isSpent(); at += 1) {
    if (best[at] === 0x61) continue;
    const plain = Buffer.from(best);
    plain[at] = 0x61;
    await attempt(plain);
  }
  return best;
}
