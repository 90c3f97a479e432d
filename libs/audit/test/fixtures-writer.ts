import { AuditLog } from '@bot-bottle/audit';

/** Run as a program: writes events to a log until told to stop or killed. argv: dir, bottle, mode, count. */
const [dir = '', bottle = '', mode = '', count = '0'] = process.argv.slice(2);
const log = await AuditLog.open({ dir, bottle, repeatWindowMs: 0 });
const event = (index: number) => ({
  layer: 'egress',
  action: 'request',
  outcome: 'allowed',
  code: null,
  target: `${index} ${'x'.repeat(500)}`,
  rule: null,
  details: {},
});
let written = 0;
try {
  for (let index = 0; index < Number(count); index += 1) {
    await log.append([event(index)]);
    written += 1;
  }
  process.stdout.write(`written ${written}\n`);
} catch (error) {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
  process.stdout.write(`failed ${written} ${String(code)}\n`);
}
if (mode === 'hold') setInterval(() => undefined, 60_000);
else await log.close().catch(() => undefined);
