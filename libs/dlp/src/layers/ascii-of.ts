const LIMIT = 0x20000;
const UNKNOWN = 0xff;
const known = new Uint8Array(LIMIT).fill(UNKNOWN);

/**
 * Letters of other scripts that are drawn like ASCII ones and that NFKD leaves alone. After Unicode TR 39
 * (confusables.txt), cut to the letters that fonts draw alike.
 */
const lookAlikes: ReadonlyArray<readonly [string, string]> = [
  // Cyrillic
  ['аеорсухіјѕһԁԛԝԍӏьвнкмт', 'aeopcyxijshdqwglbbhkmt'],
  ['АВЕКМНОРСТУХІЈЅԌԚԜ', 'ABEKMHOPCTYXIJSGQW'],
  // Greek
  ['ανορτυχικεηωγ', 'avoptuxikenwy'],
  ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'],
  // Armenian, Latin extensions, and other single letters
  ['օսհոԼՏՍԱɑɡɩıℓꓲꓳ', 'ouhnLSUAagiilIO'],
];

/**
 * The ASCII letter or digit that a code point stands for: its compatibility decomposition (full width, mathematical,
 * circled, accented) or the letter it looks like; 0 when there is none.
 */
export function asciiOf(codePoint: number): number {
  if (codePoint <= 0 || codePoint >= LIMIT) return 0;
  const cached = known[codePoint] ?? 0;
  if (cached !== UNKNOWN) return cached;
  const ascii = compute(codePoint);
  known[codePoint] = ascii;
  return ascii;
}

const alike = new Map<string, string>();
for (const [letters, ascii] of lookAlikes) {
  Array.from(letters).forEach((letter, index) => alike.set(letter, ascii[index] ?? ''));
}

function compute(codePoint: number): number {
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return 0;
  const first =
    String.fromCodePoint(codePoint)
      .normalize('NFKD')
      .match(/[\p{L}\p{N}]/u)?.[0] ?? '';
  const letter = alike.get(first) ?? first;
  return /^[0-9A-Za-z]$/.test(letter) ? letter.charCodeAt(0) : 0;
}

/** Scripts of which no letter is drawn like an ASCII one: ideographs and syllables of Chinese, Japanese and Korean. */
const farRanges = [
  [0x3400, 0x9fff],
  [0xac00, 0xd7bf],
] as const;

/** 1 for the low bits of the first two of three bytes of UTF-8 of which `asciiOf` gives 0 whatever the third is */
export const farFromAscii = new Uint8Array(0x400);
for (const [first, last] of farRanges) farFromAscii.fill(1, first >> 6, (last >> 6) + 1);
