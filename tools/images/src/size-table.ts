export interface SizeRow {
  readonly name: string;
  readonly reference: string;
  /** with the base */
  readonly bytes: number;
  /** without it */
  readonly ownBytes: number;
  /** time of the build, null: it was there already */
  readonly seconds: number | null;
}

/** The sizes as a table of Markdown. */
export function sizeTable(rows: readonly SizeRow[]): string {
  const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(1);
  const lines = rows.map(
    ({ name, reference, bytes, ownBytes, seconds }) =>
      `| ${name} | \`${reference}\` | ${megabytes(bytes)} | ${megabytes(ownBytes)} | ${seconds?.toFixed(1) ?? 'was there'} |`,
  );
  return [
    '| image | reference | MB | MB without the base | built in s |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
