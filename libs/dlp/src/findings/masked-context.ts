const AROUND = 40;
/** Where bytes go on, what stands so near their end may be the beginning of a value that nobody can find yet. */
const MAY_BE_CUT = 1024;
/** Longer unbroken runs are masked even where nothing was found in them: they may be the value in another spelling. */
const longRun = /[A-Za-z0-9+/_=%\\&#;.~-]{20,}/g;

/**
 * The 40 characters before and after a span, with every span that was found masked by `*`, at most eight of them
 * per span. Bytes that are not printable ASCII become `.`.
 *
 * @param goesOn whether more bytes follow that were not searched yet
 */
export function maskedContext(
  bytes: Uint8Array,
  span: { readonly start: number; readonly end: number },
  all: ReadonlyArray<{ readonly start: number; readonly end: number }>,
  goesOn = false,
): string {
  const from = Math.max(0, span.start - AROUND);
  const to = Math.min(bytes.length, span.end + AROUND);
  const after =
    goesOn && bytes.length - span.end < MAY_BE_CUT
      ? '*'.repeat(Math.max(0, to - span.end))
      : side(bytes, span.end, to, all);
  return `${side(bytes, from, span.start, all)}********${after}`;
}

function side(
  bytes: Uint8Array,
  from: number,
  to: number,
  all: ReadonlyArray<{ readonly start: number; readonly end: number }>,
): string {
  // a run that goes on beyond the window is as long as it really is
  const wide = { from: Math.max(0, from - 20), to: Math.min(bytes.length, to + 20) };
  let text = '';
  for (let i = wide.from; i < wide.to; i++) {
    const byte = bytes[i] ?? 0;
    const isHidden = all.some((span) => i >= span.start && i < span.end);
    text += isHidden ? '*' : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  }
  return text
    .replaceAll(longRun, (run) => '*'.repeat(run.length))
    .slice(from - wide.from, from - wide.from + (to - from));
}
