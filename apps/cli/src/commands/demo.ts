import { visibleLine } from '@bot-bottle/audit';
import type { CommandContext } from '../command-context.ts';
import { runDemo } from '../demo/run-demo.ts';
import { watchSignals } from '../launch/watch-signals.ts';
import { demoOptionsSchema } from '../parse-options.ts';

/** `demo`: a scripted agent in a real bottle, each step with what was expected and seen. 0 only if all match. */
export async function demo(context: CommandContext, given: object): Promise<number> {
  const { json, backend } = demoOptionsSchema.parse(given);
  const { printer } = context;
  const signals = watchSignals();
  if (!json) {
    printer.styled(
      `${printer.style('bold', 'bot-bottle demo')}: a scripted agent in a real bottle, against a local API\n`,
    );
  }
  try {
    const steps = await runDemo(context, backend, signals.signal);
    const failed = steps.filter(({ ok }) => !ok).length;
    if (json) printer.json({ ok: failed === 0, steps });
    else {
      for (const [index, step] of steps.entries()) {
        const mark = step.ok ? printer.style('green', '✓') : printer.style('red', '✗');
        printer.styled(`${mark} ${String(index + 1).padStart(2)}  ${printer.style('bold', step.title)}`);
        printer.styled(`      ${printer.style('dim', 'expected')}  ${step.expected}`);
        printer.styled(`      ${printer.style('dim', 'seen')}      ${visibleLine(step.seen, 200)}`);
      }
      const verdict = failed === 0 ? 'everything as expected' : `${failed} not as expected`;
      printer.styled(`\n${steps.length - failed} of ${steps.length}: ${verdict}`);
    }
    return failed === 0 ? 0 : 1;
  } finally {
    signals.close();
  }
}
