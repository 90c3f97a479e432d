import { parseDocument } from 'yaml';
import { checkConfig } from './check-config.ts';
import type { PipelockConfig } from './config-schema.ts';
import { PipelockError } from './errors.ts';

/** Longest configuration that is read, in UTF-16 units. */
const MAX_LENGTH = 1024 * 1024;

/**
 * Reads a configuration that is in use back. One document, without aliases, tags or keys that stand twice.
 *
 * @throws PipelockError `invalid_config`
 */
export function parseConfig(text: string): PipelockConfig {
  if (text.length > MAX_LENGTH) throw unreadable('it is longer than 1 MiB');
  const document = documentOf(text);
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) throw unreadable(first.message.split('\n')[0] ?? first.code);
  try {
    return checkConfig(document.toJS({ maxAliasCount: 0 }));
  } catch (error) {
    if (PipelockError.isInstance(error)) throw error;
    throw unreadable('it holds an alias');
  }
}

function documentOf(text: string): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, { schema: 'core', version: '1.2', uniqueKeys: true, strict: true });
  } catch (error) {
    // Where the stack ends for one level of the parser for each of the text.
    if (error instanceof RangeError) throw unreadable('it is nested too deeply');
    throw error;
  }
}

function unreadable(why: string): PipelockError {
  return new PipelockError('invalid_config', `the pipelock configuration cannot be read: ${why}`);
}
