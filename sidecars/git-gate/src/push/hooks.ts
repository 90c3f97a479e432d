import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitGateServerError } from '../errors.ts';

/**
 * Both hooks of receive-pack (githooks(5)) only carry words: what git says goes to the server over descriptor 3, which
 * the server gave to receive-pack, and the server's answers come back. `say` becomes a line on the client's terminal;
 * anything but `ok`, the end of the answers too, refuses. Nothing that comes from the push is ever evaluated: every
 * line gets its verb from here, so that it cannot be taken for another.
 */
const conversation = `
while IFS=' ' read -r verb text <&3; do
  case "$verb" in
    say) printf '%s\\n' "git-gate: $text" >&2 ;;
    ok) exit 0 ;;
    *) exit 1 ;;
  esac
done
exit 1
`;

const preReceive = `#!/bin/sh
printf '%s\\n' "quarantine $GIT_QUARANTINE_PATH" "options \${GIT_PUSH_OPTION_COUNT:-0}" >&3 || exit 1
while IFS= read -r line; do printf '%s\\n' "ref $line" >&3 || exit 1; done
printf '%s\\n' end >&3 || exit 1
${conversation}`;

const update = `#!/bin/sh
printf '%s\\n' "update $1" >&3 || exit 1
${conversation}`;

/**
 * Writes the hooks to a folder of their own.
 *
 * @throws GitGateServerError `invalid_config` when the folder does not let them run: git would go on without them
 */
export async function installHooks(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of [
    ['pre-receive', preReceive],
    ['update', update],
  ] as const) {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o700 });
    await access(path, constants.X_OK).catch((cause: unknown) => {
      const problem = `root: programs cannot run below ${folder} (mounted noexec?)`;
      throw new GitGateServerError('invalid_config', problem, { problems: [problem], cause });
    });
  }
}
