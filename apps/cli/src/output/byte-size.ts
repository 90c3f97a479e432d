const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A number of bytes as people say it, e.g. `1.2 MB`; decimal units. */
export function byteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(2)} ${units[unit] ?? ''}`;
}
