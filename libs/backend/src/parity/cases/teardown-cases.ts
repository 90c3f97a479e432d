import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StateStore } from '../../state/state-store.ts';
import { controlDir } from '../../owner/runtime-dir.ts';
import { expectThat, type LaunchContext } from '../parity-case.ts';
import { launchCases } from './make-cases.ts';

/** What is left of a bottle that must be gone: on the backend, in the state, of its socket. */
async function left(
  { backend, launcher, traces }: LaunchContext,
  identity: string,
): Promise<readonly string[]> {
  const found = [...(await traces(identity))];
  const state = await stat(join(launcher.home, 'state', identity)).catch(() => null);
  if (state !== null) found.push('its state');
  const sockets = await readdir(controlDir(launcher.runtimeDir)).catch(() => []);
  found.push(...sockets.filter((name) => name.startsWith(identity)));
  const leftovers = await backend.leftovers(new Set());
  found.push(...leftovers.filter((each) => each.identity === identity).map((each) => each.description));
  return found;
}

export const teardownCases = launchCases('End', {
  'leaves nothing of a bottle that ended': async (context) => {
    const launched = await context.launcher.launch({});
    const { identity } = launched.plan;
    const running = await launched.bottle.spawn(['sh', '-c', 'trap "" TERM HUP INT; sleep 1000']);
    const before = await left(context, identity);
    expectThat(context, before.length > 2, 'there was something', before);
    const failures = await launched.close();
    await launched.bottle.exited;
    await running.exited;
    const after = await left(context, identity);
    expectThat(context, failures.length === 0 && after.length === 0, 'nothing is left', { failures, after });
    const again = await launched.bottle.spawn(['true']).then(
      () => 'started',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error)),
    );
    expectThat(context, again === 'exec_failed', 'nothing starts in it any more', again);
  },
  'keeps the state of one that is kept, and nothing that runs': async (context) => {
    const launched = await context.launcher.launch({ keep: true });
    const { identity } = launched.plan;
    await launched.close();
    const after = await left(context, identity);
    expectThat(context, after.includes('its state'), 'the state is there', after);
    const moving = after.filter((name) => /^(process|container|network)/.test(name));
    expectThat(context, moving.length === 0, 'nothing runs', after);
    const again = await context.launcher.launch({ resume: { identity, workspace: false } });
    await new StateStore(context.launcher.home).unpreserve(identity);
    await again.close();
    const end = await left(context, identity);
    expectThat(context, end.length === 0, 'what is not kept any more goes', end);
  },
  'undoes a launch that fails': async (context) => {
    const program = join(context.launcher.folder, 'broken.mjs');
    await writeFile(program, 'process.stderr.write("broken\\n"); process.exit(3);\n');
    await chmod(program, 0o644);
    let identity = '';
    const sidecarPrograms = { egress: program };
    const why = await context.launcher
      .launch({ sidecarPrograms, onPlan: (plan) => (identity = plan.identity) })
      .then(() => 'launched')
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    expectThat(context, why.includes('egress') && identity !== '', 'the error names the sidecar', why);
    const found = await left(context, identity);
    expectThat(context, found.length === 0, 'nothing is left', found);
  },
});
