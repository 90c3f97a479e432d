import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { botBottleHome, ensureHome } from '@bot-bottle/backend';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { proposeFromRepository } from '../init/propose-from-repository.ts';
import { agentScaffold, bottleScaffold } from '../init/scaffolds.ts';

const optionsSchema = z.object({
  provider: z.enum(['claude', 'command']).default('claude'),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens')
    .nullable()
    .default(null),
  fromRepo: z.boolean().default(false),
});

/** `init`: a first bottle and agent, commented; what exists is never touched. */
export async function init({ io, printer }: CommandContext, given: object): Promise<number> {
  const parsed = optionsSchema.safeParse(given);
  if (!parsed.success)
    throw new CliError('usage', parsed.error.issues.map(({ message }) => `--name ${message}`).join());
  const { provider, fromRepo } = parsed.data;
  const name = parsed.data.name ?? (provider === 'claude' ? 'reviewer' : 'worker');
  const home = botBottleHome(io.env);
  await ensureHome(home);
  const proposals = fromRepo ? await proposeFromRepository(io.cwd) : [];
  const files = [
    { path: join(home, 'bottles', `${name}.md`), text: bottleScaffold(provider, proposals) },
    { path: join(home, 'agents', `${name}.md`), text: agentScaffold(name) },
  ];
  for (const { path, text } of files) {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
    await writeFile(path, text, { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
        throw new CliError('refused', `${path} exists already`, { hint: 'choose another name with --name' });
      }
      throw error;
    });
    printer.result(path);
  }
  printer.note(`\nRead both files, then: bot-bottle start ${name} --dry-run`);
  return 0;
}
