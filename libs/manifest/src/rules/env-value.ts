import type { EnvValue } from '../contracts.ts';
import { type Finding, finding } from './finding.ts';
import { envNamePattern, oneLinePattern } from './names.ts';

const interpolation = /^\$\{(.*)\}$/s;

/** What is wrong with the text of an env value, null when nothing is. */
export function checkEnvValue(text: string): Finding | null {
  if (!oneLinePattern.test(text.replaceAll('\t', ' '))) {
    return finding(
      'the value must not hold line breaks or control characters',
      'take it from the host: `${HOST_VAR}`',
    );
  }
  const name = interpolation.exec(text)?.[1];
  if (name !== undefined && !envNamePattern.test(name)) {
    return finding('`${…}` must hold exactly one variable name', 'names match [A-Za-z_][A-Za-z0-9_]*');
  }
  return null;
}

/** Reads `?`, `?message`, `${HOST_VAR}` or a literal. The text must have passed `checkEnvValue`. */
export function readEnvValue(text: string): EnvValue {
  if (text.startsWith('?')) {
    const message = text.slice(1).trim();
    return { kind: 'prompt', message: message === '' ? null : message };
  }
  const name = interpolation.exec(text)?.[1];
  return name === undefined ? { kind: 'literal', value: text } : { kind: 'host', name };
}
