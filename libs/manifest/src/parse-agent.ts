import { createHash } from 'node:crypto';
import type { DeclaredAgent } from './compose/declared.ts';
import { parseFile } from './parse-file.ts';
import { validateAgent } from './validate.ts';

/**
 * Parses and validates the text of one agent file; its name is the stem of `file`, its trimmed body the prompt.
 * @throws {ManifestErrors} all problems at once, each with its place
 */
export function parseAgent(text: string, file: string): DeclaredAgent {
  const { name, source, value, body } = parseFile('agent', text, file);
  const agent = validateAgent(value, source);
  return {
    name,
    source,
    bottle: agent.bottle,
    skills: [...new Set(agent.skills)],
    gitUser: agentUser(agent['git-gate']?.user),
    prompt: body.trim(),
    contentHash: sha256(text),
  };
}

export function agentUser(
  user: { readonly name?: string | undefined; readonly email?: string | undefined } | undefined,
): DeclaredAgent['gitUser'] {
  const field = (value: string | undefined): string | null => {
    const text = value?.trim() ?? '';
    return text === '' ? null : text;
  };
  return { name: field(user?.name), email: field(user?.email) };
}

/** Hex digest of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
