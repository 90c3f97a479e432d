const AROUND = 40;
/** Longer unbroken runs are masked even where nothing was found in them: they may be the value in another spelling. */
const longRun = /[A-Za-z0-9+/_=%\\&#;.~-]{20,}/g;

/**
 * The 40 characters before and after a span, with every span that was found masked by `*`, at most eight of them
 * per span. Bytes that are not printable ASCII become `.`.
 */
export function maskedContext(
  bytes: Uint8Array,
  span: { readonly start: number; readonly end: number },
  all: ReadonlyArray<{ readonly start: number; readonly end: number }>,
): string {
  const from = Math.max(0, span.start - AROUND);
  const to = Math.min(bytes.length, span.end + AROUND);
  return `${side(bytes, from, span.start, all)}********${side(bytes, span.end, to, all)}`;
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
