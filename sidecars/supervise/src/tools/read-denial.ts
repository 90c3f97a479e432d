import { denialCodes } from '@bot-bottle/audit';
import type { DenialCode } from '@bot-bottle/audit';
import { z } from 'zod';

/** What of a denial is of use here. All of it may be forged: by a server, or by whoever wrote what the agent read. */
export interface ReadDenial {
  /** null: none of ours */
  readonly code: DenialCode | null;
  /** `GET https://host/path`, as it was given */
  readonly target: string | null;
  /** arguments of the tool call that the body proposes, as they were given */
  readonly asked: unknown;
}

const body = z.object({
  code: z.string().max(64),
  target: z.string().max(4096).optional().catch(undefined),
  ask: z.object({ arguments: z.unknown() }).nullable().optional().catch(undefined),
});

const codes: ReadonlySet<string> = new Set(denialCodes);
const nothing = { code: null, target: null, asked: null } as const;

/** Reads a code, the body of a denial as text or object, or a line of output that names a code. */
export function readDenial(given: string | Readonly<Record<string, unknown>>): ReadDenial {
  if (typeof given !== 'string') return readBody(given);
  const text = given.trim();
  if (isCode(text)) return { ...nothing, code: text };
  if (text.startsWith('{')) {
    try {
      return readBody(JSON.parse(text));
    } catch {
      // Perhaps cut off, or with more text behind it.
    }
  }
  const named = text.match(/[a-z]+(?:_[a-z]+)+/g)?.find(isCode);
  return { ...nothing, code: named ?? null };
}

function readBody(value: unknown): ReadDenial {
  const parsed = body.safeParse(value);
  if (!parsed.success) return nothing;
  const { code, target, ask } = parsed.data;
  return { code: isCode(code) ? code : null, target: target ?? null, asked: ask?.arguments ?? null };
}

function isCode(text: string): text is DenialCode {
  return codes.has(text);
}
