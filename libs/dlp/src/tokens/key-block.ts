/** Characters between the label of a key and its material: headers, line breaks, as they are or escaped. */
const MAX_BETWEEN = 4000;
/** Longest name of a header and longest value. */
const MAX_NAME = 20;
const MAX_VALUE = 100;
/** Characters of material by which a key is told from a label alone, and how many different ones at least. */
export const MATERIAL = 32;
const MIN_DIFFERENT = 6;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const PERCENT = 0x25;
const DASH = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

const pemLabels =
  '(?:(?:RSA |EC |DSA |OPENSSH |ENCRYPTED |SSH2 ENCRYPTED |ANY )?PRIVATE KEY|PGP PRIVATE KEY BLOCK)';

/** The label of a private key; sticky. */
export const keyLabel = new RegExp(
  `-----BEGIN ${pemLabels}-----|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----`,
  'y',
);

/**
 * All that may follow of a key, escaped or not. It belongs to the value: keys of one kind begin alike, so that a hash of
 * the start would be that of each of them, and overwriting the start would leave the key.
 */
const restOfKey = /[A-Za-z0-9+/=\s\\%]{0,48000}/y;

/** 1 for material, 2 for white space, 4 for letters of a header's name; of characters that stand for bytes */
const kinds = Uint8Array.from({ length: 256 }, (_, code) => {
  const char = String.fromCharCode(code);
  return (/[A-Za-z0-9+/]/.test(char) ? 1 : 0) | (/\s/.test(char) ? 2 : 0) | (/[A-Za-z-]/.test(char) ? 4 : 0);
});

/** Places that were reached, cleared after each use. */
const reached = new Uint8Array(MAX_BETWEEN + 4);

/**
 * Where a private key ends whose label ends at `from`; -1: a label alone, as in documentation.
 *
 * Between the label and the material stand line breaks, white space and headers (`Name: value`, at most 100 characters,
 * which may end anywhere, also at a line break that is escaped). A pattern would try every way of cutting that into
 * headers, of which there are exponentially many; this remembers which places can be reached, and looks at each of them
 * once. What looks like material may be in a header, so the last one counts. The search ends at the next label, where
 * another one begins, so that the work stays linear over all labels.
 */
export function keyBlockEnd(text: string, from: number): number {
  const places = reached;
  places[0] = 1;
  // the places that the end of a header's value reaches, and one past them
  let valueFrom = 0;
  let valueTo = 0;
  let last = 0;
  let material = -1;
  let materialEnd = from;
  let i = 0;
  // the colon of a header stands up to the length of its name behind a place that was reached
  for (; i <= last + MAX_NAME && i < MAX_BETWEEN; i++) {
    const at = from + i;
    const code = at < text.length ? text.charCodeAt(at) : 0;
    if (code === NEWLINE) valueTo = Math.min(valueTo, i + 1);
    if (code === COLON && isHeader(text, at, i, valueFrom, valueTo)) {
      // what the value before this one still reaches
      for (let place = i + 1; place < Math.min(valueTo, i + 3); place++) places[place] = 1;
      valueFrom = valueTo > i + 2 ? valueFrom : i + 3;
      valueTo = i + 3 + MAX_VALUE;
      last = valueTo - 1;
    }
    if (places[i] !== 1 && (i < valueFrom || i >= valueTo)) continue;
    if (at >= materialEnd) materialEnd = at;
    while (materialEnd - at < MATERIAL && (kindOf(text, materialEnd) & 1) !== 0) materialEnd++;
    if (materialEnd - at === MATERIAL && isVaried(text, at)) material = at;
    if (code === DASH && i > 0 && startsLabel(text, at)) break;
    const step = ((kinds[code] ?? 0) & 2) !== 0 ? 1 : breakLength(text, at, code);
    if (step === 0) continue;
    places[i + step] = 1;
    if (i + step > last) last = i + step;
  }
  places.fill(0, 0, Math.min(places.length, Math.max(i, last) + 4));
  return material < 0 ? -1 : endOfRest(text, material + MATERIAL);
}

/** Whether the colon here ends the name of a header that begins at a place that was reached. */
function isHeader(text: string, at: number, i: number, valueFrom: number, valueTo: number): boolean {
  if (text.charCodeAt(at + 1) !== SPACE) return false;
  for (let back = 1; back <= MAX_NAME && back <= i && (kindOf(text, at - back) & 4) !== 0; back++) {
    const place = i - back;
    if (reached[place] === 1 || (place >= valueFrom && place < valueTo)) return true;
  }
  return false;
}

/** Length of a line break that is written as an escape. */
function breakLength(text: string, at: number, code: number): number {
  const second = text.charCodeAt(at + 1);
  if (code === BACKSLASH) {
    if (isBreakLetter(second)) return 2;
    return second === BACKSLASH && isBreakLetter(text.charCodeAt(at + 2)) ? 3 : 0;
  }
  if (code !== PERCENT || second !== ZERO) return 0;
  const third = text.charCodeAt(at + 2) | 0x20;
  return third === 0x61 || third === 0x64 ? 3 : 0;
}

/** Of `\n` and `\r`. */
function isBreakLetter(code: number): boolean {
  return code === 0x6e || code === 0x72;
}

function startsLabel(text: string, at: number): boolean {
  keyLabel.lastIndex = at;
  return keyLabel.test(text);
}

/** Whether material is more than a line of the same few characters, as examples have. */
export function isVaried(text: string, at: number): boolean {
  let seen = '';
  for (const char of text.slice(at, at + MATERIAL)) {
    if (!seen.includes(char)) seen += char;
    if (seen.length >= MIN_DIFFERENT) return true;
  }
  return false;
}

function endOfRest(text: string, from: number): number {
  restOfKey.lastIndex = from;
  restOfKey.test(text);
  return restOfKey.lastIndex;
}

function kindOf(text: string, at: number): number {
  return at < text.length ? (kinds[text.charCodeAt(at)] ?? 0) : 0;
}
