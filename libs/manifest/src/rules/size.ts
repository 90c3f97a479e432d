const units: Readonly<Record<string, number>> = {
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  // as Docker reads them
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** Any case; decimal places allowed; `KiB` counts by 1024, `kB` by 1000, a bare `k` by 1024 as in Docker. */
export const sizePattern = /^[0-9]{1,15}(?:\.[0-9]{1,6})? ?(?:[KkMmGgTt](?:[Ii]?[Bb])?|[Bb])$/;

/** Reads a size in bytes: a number, or text such as `512MiB`. Null when it is not positive or too large to be exact. */
export function readSize(size: number | string): number | null {
  if (typeof size === 'number') return Number.isSafeInteger(size) && size > 0 ? size : null;
  if (!sizePattern.test(size)) return null;
  const [, digits = '', unit = ''] = /^([0-9.]+) ?([A-Za-z]+)$/.exec(size) ?? [];
  const bytes = Math.round(Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}
