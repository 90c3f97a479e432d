import type { RequestHead } from '@bot-bottle/egress';
import { denialAnswer } from '../response/http-text.ts';
import type { Denied } from './denied.ts';
import { askFor } from './describe-request.ts';

/** The bytes that tell the agent why its request goes no further. */
export function exchangeDenial(
  head: RequestHead,
  { code, ask, text }: Denied,
  shown: { readonly target: string; readonly rule: string | null; readonly canAsk: boolean },
): Buffer {
  const { target, rule, canAsk } = shown;
  return denialAnswer(
    {
      layer: 'egress',
      code,
      target,
      rule,
      ask: canAsk ? askFor(ask, target) : null,
      ...(text === null ? {} : { message: text }),
    },
    head.method,
    statusOverride(head),
  );
}

/** Codex falls back to plain HTTP at once on 426 and after seconds, or never, on anything else (chapter 12). */
function statusOverride(head: RequestHead): number | undefined {
  if (head.upgrade === null || head.host !== 'chatgpt.com') return undefined;
  return head.path.split('?', 1)[0] === '/backend-api/codex/responses' ? 426 : undefined;
}
