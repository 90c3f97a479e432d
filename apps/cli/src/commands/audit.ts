import { join } from 'node:path';
import { followAudit, readAudit, verifyAudit, visibleLine, type AuditLine } from '@bot-bottle/audit';
import { botBottleHome, enumerateActive, isIdentity, runtimeDir } from '@bot-bottle/backend';
import { existsSync } from 'node:fs';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { watchSignals } from '../launch/watch-signals.ts';
import type { Printer, Style } from '../output/printer.ts';
import { reportOptionsSchema } from '../parse-options.ts';

/** `audit <slug>`: what a bottle did; works after its end too. */
export async function audit(context: CommandContext, slug: string, given: object): Promise<number> {
  const { json, follow, verify } = reportOptionsSchema.parse(given);
  if (follow && verify) throw new CliError('usage', '--follow and --verify exclude each other');
  const dir = join(botBottleHome(context.io.env), 'audit');
  if (!isIdentity(slug) || !existsSync(join(dir, slug))) await requireLive(context, slug);
  if (verify) return await verifyLog(context.printer, dir, slug, json);
  const signals = watchSignals();
  const options = { signal: signals.signal };
  try {
    for await (const line of follow ? followAudit(dir, slug, options) : readAudit(dir, slug, options)) {
      if (json) context.io.stdout.write(`${JSON.stringify(line)}\n`);
      else context.printer.styled(renderLine(line, context.printer));
    }
  } finally {
    signals.close();
  }
  return 0;
}

/** A bottle that has just started may have no file yet. */
async function requireLive({ io }: CommandContext, slug: string): Promise<void> {
  const { bottles } = await enumerateActive({ runtimeDir: runtimeDir(io.env), home: botBottleHome(io.env) });
  if (bottles.some(({ identity }) => identity === slug)) return;
  throw new CliError('not_found', `there is no audit log of ${slug}`, {
    hint: 'bot-bottle list shows running bottles; logs of ended ones are in ~/.bot-bottle/audit',
  });
}

const colours: Readonly<Record<AuditLine['outcome'], Style>> = {
  allowed: 'green',
  done: 'green',
  denied: 'red',
  failed: 'red',
  redacted: 'yellow',
  held: 'yellow',
  warned: 'yellow',
};

function renderLine(line: AuditLine, printer: Printer): string {
  const details = Object.entries(line.details).map(([key, value]) => `${key}=${String(value)}`);
  const facts = [line.code, line.rule === null ? null : `rule ${line.rule}`, ...details].filter(
    (fact) => fact !== null,
  );
  const outcome = printer.style(colours[line.outcome], line.outcome.padEnd(8));
  const head = `${visibleLine(line.time)}  ${line.layer.padEnd(9)} ${outcome} ${visibleLine(line.action, 64)}`;
  const tail = facts.length === 0 ? '' : printer.style('dim', `  ${visibleLine(facts.join(' '), 500)}`);
  return `${head}  ${visibleLine(line.target, 500)}${tail}`;
}

async function verifyLog(printer: Printer, dir: string, bottle: string, json: boolean): Promise<number> {
  const found = await verifyAudit({ dir, bottle });
  if (json) {
    printer.json(found);
    return found.ok ? 0 : 1;
  }
  const where = ({ file, line }: { file: string; line: number | null }): string =>
    line === null ? file : `${file}:${line}`;
  for (const problem of found.problems) {
    printer.result(`${problem.kind.padEnd(16)}${where(problem)}  ${problem.message}`);
  }
  for (const note of found.notes) printer.note(`${note.kind.padEnd(16)}${where(note)}  ${note.message}`);
  const state = found.live ? ', the bottle is running' : '';
  printer.result(
    found.ok
      ? `ok: ${found.lines} lines verified${state}`
      : `${found.problems.length} problems in ${found.lines} lines${state}`,
  );
  return found.ok ? 0 : 1;
}
