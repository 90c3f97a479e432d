import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StateStore } from '../../state/state-store.ts';
import { expectThat } from '../parity-case.ts';
import { launchCases } from './make-cases.ts';
import { withLaunched } from './env-cases.ts';

const isThere = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );

export const resumeCases = launchCases('Resume', {
  'goes on with the home and the workspace of a kept bottle, and with another CA': async (context) => {
    const { launcher } = context;
    const project = join(launcher.folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'file.txt'), 'from the host\n');
    const first = await withLaunched(context, { keep: true, cwd: project }, async (launched) => {
      const script =
        'pwd; cat file.txt; echo changed > file.txt; echo note > ~/note; sha256sum < ~/.bot-bottle/ca.crt';
      return { plan: launched.plan, ...(await launched.inside(script)) };
    });
    const [pwd, text, ca] = first.stdout.split('\n');
    expectThat(
      context,
      pwd === '/home/node/workspace' && text === 'from the host',
      'the first life',
      first.stdout,
    );
    const { identity } = first.plan;
    const state = new StateStore(launcher.home);
    const { metadata } = await state.read(identity);
    expectThat(context, metadata.backend === context.backend.name, 'the state names the backend', metadata);
    expectThat(context, await state.isPreserved(identity), 'the state is kept', null);

    const resume = { identity, workspace: true };
    await withLaunched(context, { resume }, async (launched) => {
      const { stdout } = await launched.inside(
        'pwd; cat file.txt ~/note; id -u; sha256sum < ~/.bot-bottle/ca.crt',
      );
      const lines = stdout.split('\n');
      const same = lines.slice(0, 4).join() === '/home/node/workspace,changed,note,1000';
      expectThat(context, same && lines[4] !== ca && lines[4] !== undefined, 'the second life', stdout);
      // What is kept stays kept, until it is let go.
      await state.unpreserve(identity);
    });
    const traces = await context.traces(identity);
    expectThat(context, traces.length === 0, 'what is not kept any more goes', traces);
    const original = await readFile(join(project, 'file.txt'), 'utf8');
    expectThat(context, original === 'from the host\n', 'the host’s folder is as it was', original);
  },
  'refuses a bottle that is not there, and leaves nothing of the attempt': async (context) => {
    const { launcher } = context;
    const identity = 'parity-00000';
    const why = await launcher.launch({ resume: { identity, workspace: false } }).then(
      () => 'launched',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
    expectThat(context, why.startsWith('state_'), 'it is refused', why);
    expectThat(context, !(await isThere(join(launcher.home, 'state', identity))), 'no state is made', null);
    const traces = await context.traces(identity);
    expectThat(context, traces.length === 0, 'nothing is left', traces);
  },
});
