import fc from 'fast-check';

/** Any bytes, as a string of one character per byte. */
export function latin1(constraints: { minLength?: number; maxLength?: number }): fc.Arbitrary<string> {
  return fc.uint8Array(constraints).map((bytes) => Buffer.from(bytes).toString('latin1'));
}
