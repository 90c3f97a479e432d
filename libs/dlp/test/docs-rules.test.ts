import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { rulesTable } from './support/rules-table.ts';

const file = path.resolve(import.meta.dirname, '../../../docs/dlp.md');
const MARK = '<!-- generated: UPDATE_DOCS=1 npx nx test dlp -->\n\n';

it('docs/dlp.md lists the rules as they are', () => {
  const text = readFileSync(file, 'utf8');
  const head = text.slice(0, text.indexOf(MARK) + MARK.length);
  expect(text.includes(MARK)).toBe(true);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, head + rulesTable());
  expect(readFileSync(file, 'utf8').slice(head.length)).toBe(rulesTable());
});
