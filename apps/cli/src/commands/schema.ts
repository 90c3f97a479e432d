import { agentJsonSchema, bottleJsonSchema } from '@bot-bottle/manifest';
import type { CommandContext } from '../command-context.ts';

/** `schema bottle|agent`: for editors and other tools. */
export function schema({ io }: CommandContext, what: 'bottle' | 'agent'): number {
  const document = what === 'bottle' ? bottleJsonSchema() : agentJsonSchema();
  io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
}
