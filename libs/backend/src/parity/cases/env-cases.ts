import { BackendError } from '../../errors.ts';
import { expectThat, type LaunchContext } from '../parity-case.ts';
import type { LaunchWish, ParityLaunched } from '../parity-launcher.ts';
import { launchCases } from './make-cases.ts';

/** A launch that is closed when the work is done. */
export async function withLaunched<T>(
  { launcher }: LaunchContext,
  wish: LaunchWish,
  work: (launched: ParityLaunched) => Promise<T>,
): Promise<T> {
  const launched = await launcher.launch(wish);
  try {
    return await work(launched);
  } finally {
    await launched.close();
  }
}

const declared = { LITERAL: 'a b "c" $d', ASKED: '?Deploy key', TAKEN: '${PARITY_HOST}' };
const values = 'printf "%s\\n" "$LITERAL" "$ASKED" "$TAKEN" "$HOME" "$BOT_BOTTLE_PROMPT_FILE"';

export const envCases = launchCases('Environment and command', {
  'gives literal, prompted and host values to the agent and to what is run beside it': async (context) => {
    const asked: string[] = [];
    const wish: LaunchWish = {
      bottle: { env: declared },
      mode: { kind: 'headless', prompt: `${values}\nenv -0 | grep -zc . ` },
      hostEnv: { PARITY_HOST: 'from the host', PARITY_OTHER: 'stays' },
      answer: (question) => {
        asked.push(question);
        return 'typed in';
      },
    };
    await withLaunched(context, wish, async (launched) => {
      const { stdout } = await launched.main();
      const beside = await launched.inside(`${values}; env`);
      const lines = [
        'a b "c" $d',
        'typed in',
        'from the host',
        '/home/node',
        '/home/node/.bot-bottle-prompt.txt',
      ];
      const isThere = [stdout, beside.stdout].every((text) => text.startsWith(`${lines.join('\n')}\n`));
      expectThat(context, isThere, 'the values', [stdout, beside.stdout.slice(0, 300)]);
      expectThat(context, asked.join() === 'Deploy key', 'asked once', asked);
      expectThat(context, !beside.stdout.includes('PARITY_OTHER'), 'nothing else of the host', null);
      // What leads through the sidecars is there, and is ours.
      const proxy = /^HTTPS_PROXY=http:\/\/egress:9099$/m.test(beside.stdout);
      expectThat(context, proxy, 'the proxy', beside.stdout);
    });
  },
  'does not launch without a value, and names the variable only': async (context) => {
    const why = async (wish: LaunchWish): Promise<string> =>
      await withLaunched(context, wish, async () => 'launched').catch((error: unknown) =>
        BackendError.isInstance(error) ? `${error.code}: ${error.message}` : String(error),
      );
    const asked = await why({ bottle: { env: { ASKED: '?' } } });
    const taken = await why({ bottle: { env: { TAKEN: '${PARITY_HOST}' } } });
    const holds =
      /^secret_unavailable: .*ASKED/.test(asked) && /^host_env_missing: .*PARITY_HOST/.test(taken);
    expectThat(context, holds, 'what is missing is named', { asked, taken });
  },
  'starts the command of the manifest with its arguments as they are': async (context) => {
    const argv = ['/usr/bin/printf', '%s|', 'a b', '$HOME', '`id`', '-n', "'"];
    const wish: LaunchWish = { command: argv };
    await withLaunched(context, wish, async (launched) => {
      const { status, stdout } = await launched.main();
      const holds = stdout === "a b|$HOME|`id`|-n|'|" && status.code === 0;
      expectThat(context, holds && launched.plan.argv.join() === argv.join(), 'argv', { status, stdout });
    });
  },
});
