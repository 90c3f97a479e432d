/** One way in which a value can be written. */
export interface EncodedForm {
  /** layers from the outermost inwards, e.g. `base64+1(hex)` */
  readonly encoding: string;
  /** the bytes that are the same whatever surrounds the value */
  readonly bytes: Uint8Array;
  /** whether the encoding means the same in either case */
  readonly caseInsensitive: boolean;
}

/** Shortest form that is searched, in bytes: shorter ones occur by chance. */
export const MIN_FORM = 8;

export function form(encoding: string, bytes: Uint8Array | string, caseInsensitive = false): EncodedForm {
  return {
    encoding,
    bytes: typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes,
    caseInsensitive,
  };
}
