import { type ChildProcess } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUpstream, sshd, type Upstream } from '../../../sidecars/git-gate/test/support/sshd.ts';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { filesHolding } from './support/secrets.ts';
import { World } from './support/world.ts';

// Put together here, so that no scanner takes this file for a leak.
const token = ['glpat', 'x9Kq2mZr7TbW4nLs8VfA'].join('-');
const keyBody = (pem: string): string => pem.trim().split('\n').at(2) ?? pem;

const setUp = (url: string): string =>
  [
    'set -eu',
    `git clone -q ${url} work`,
    'cd work',
    'commit() { git add --all; git commit -q -m "$1"; }',
    '',
  ].join('\n');

describe.skipIf(sshd === null).each(operators)('as $name, git through the gate', (operator) => {
  let world: World;
  let upstream: Upstream;
  let url = '';

  beforeAll(async () => {
    upstream = await createUpstream({ everyKeyExchange: true });
    await upstream.addRepo('project');
    url = upstream.repoUrl('project');
    world = new World(operator);
    const identity = world.write('keys/project', upstream.clientKey);
    const bottle = (supervise: boolean): string =>
      [
        'agent_provider: { template: command }',
        `supervise: ${supervise}`,
        'git-gate:',
        '  user: { name: Agent, email: agent@e2e.test }',
        '  repos:',
        '    project:',
        `      url: ${url}`,
        `      identity: ${identity}`,
        `      host_key: ${upstream.hostKey}`,
      ].join('\n');
    world.bottle('plain', bottle(false));
    world.agent('worker', 'plain');
    world.bottle('asking', bottle(true));
    world.agent('asker', 'asking');
  });
  afterAll(async () => {
    await world.close();
    await upstream.stop();
  });

  it('a clean push arrives upstream, with the identity of the manifest', async () => {
    const branch = `clean-${operator.name}`;
    const script = `${setUp(url)}echo hello > hello.txt; commit hello; git push -q origin HEAD:refs/heads/${branch}`;
    const { code, stderr } = await world.run('worker', script);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await upstream.git('project', 'log', '-1', '--format=%an <%ae> %s', branch)).toBe(
      'Agent <agent@e2e.test> hello',
    );
  });

  it('a secret that a later commit removes is refused, with the reason on the terminal', async () => {
    const branch = `leak-${operator.name}`;
    const script = `${setUp(url)}echo "token = ${token}" > config.ini; commit one; rm config.ini; commit two
git push origin HEAD:refs/heads/${branch}`;
    const { code, stderr } = await world.run('worker', script);
    expect(code).toBe(1);
    expect(stderr).toMatch(/remote: git-gate: secret_found: config\.ini:1/);
    const fromGate = stderr.split('\n').filter((line) => line.startsWith('remote: '));
    expect(fromGate.join('\n')).not.toContain(token);
    expect([...(await upstream.refs('project')).keys()]).not.toContain(`refs/heads/${branch}`);
    expect(await upstream.git('project', 'cat-file', '--batch-all-objects', '--batch')).not.toContain(token);
  });

  it('a push to the default branch is refused where nobody can be asked', async () => {
    const before = await upstream.refs('project');
    const script = `${setUp(url)}echo x > x.txt; commit x; git push origin HEAD:main`;
    const { code, stderr } = await world.run('worker', script);
    expect(code).toBe(1);
    expect(stderr).toMatch(/remote: git-gate: push_policy_branch: refs\/heads\/main/);
    expect(await upstream.refs('project')).toEqual(before);
  });

  it('the agent sees neither key nor host key, and no other repository', async () => {
    const script = [
      'cat ~/.gitconfig; env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n"',
      'find / -xdev -type f -size -1M \\( -path "/home/*" -o -path "/run/*" -o -path "/tmp/*" -o -path "/etc/*" -o -path "/var/*" \\) -exec cat {} + 2>/dev/null',
      'curl -s --noproxy "*" -o /dev/null -w "%{http_code}\\n" "http://git-gate:9420/other.git/info/refs?service=git-upload-pack"',
      'curl -s --noproxy "*" --path-as-is -o /dev/null -w "%{http_code}\\n" "http://git-gate:9420/project.git/../project.git/info/refs?service=git-upload-pack"',
    ].join('\n');
    const { stdout } = await world.run('worker', script);
    expect(stdout).toContain('http://git-gate:9420/project.git');
    expect(stdout).not.toContain(keyBody(upstream.clientKey));
    expect(stdout).not.toContain(upstream.hostKey.split(' ')[1]);
    expect(stdout.trim().split('\n').slice(-2)).toEqual(['404', '404']);
  });

  it('a push that a human approves arrives without being pushed again', async () => {
    const branch = `ci-${operator.name}`;
    const script = `${setUp(url)}mkdir -p .github/workflows; echo 'on: push' > .github/workflows/ci.yml; commit ci
git push origin HEAD:refs/heads/${branch}`;
    const pushing = start(['run', 'asker', '--backend', 'bubblewrap', '--yes', '--', 'bash', '-c', script]);
    const proposal = await onlyProposal();
    expect(proposal.kind).toBe('push-approval');
    expect([...(await upstream.refs('project')).keys()]).not.toContain(`refs/heads/${branch}`);
    const approved = await world.cli(['supervise', 'approve', proposal.id]);
    expect({ code: approved.code, stderr: approved.stderr }).toMatchObject({ code: 0 });
    expect(await pushing.ended).toMatchObject({ code: 0 });
    expect([...(await upstream.refs('project')).keys()]).toContain(`refs/heads/${branch}`);
  });

  it('a push that a human rejects is refused with his reason', async () => {
    const branch = `no-${operator.name}`;
    const script = `${setUp(url)}echo "[submodule]" > .gitmodules; commit sub; git push origin HEAD:refs/heads/${branch}`;
    const pushing = start(['run', 'asker', '--backend', 'bubblewrap', '--yes', '--', 'bash', '-c', script]);
    const { id } = await onlyProposal();
    const rejected = await world.cli(['supervise', 'reject', id, '--reason', 'not this week']);
    expect({ code: rejected.code, stderr: rejected.stderr }).toMatchObject({ code: 0 });
    const { code, output } = await pushing.ended;
    expect(code).toBe(1);
    expect(output).toMatch(/remote: git-gate: approval_rejected.*not this week/);
    expect([...(await upstream.refs('project')).keys()]).not.toContain(`refs/heads/${branch}`);
  });

  it('the key stays nowhere after the runs, and every audit verifies and has its pushes', async () => {
    writeFileSync(`${world.dir}/control`, keyBody(upstream.clientKey));
    expect(filesHolding(keyBody(upstream.clientKey), [world.dir])).toEqual([
      `${world.dir}/control`,
      `${world.botBottleHome}/keys/project`,
    ]);
    const slugs = readdirSync(`${world.botBottleHome}/audit`).filter((name) => !name.includes('.'));
    expect(slugs.length).toBeGreaterThanOrEqual(6);
    for (const slug of slugs) expect(await world.cli(['audit', slug, '--verify'])).toMatchObject({ code: 0 });
    const pushes = slugs.flatMap((slug) =>
      filesHolding('"action":"push"', [`${world.botBottleHome}/audit/${slug}`]),
    );
    expect(pushes).toHaveLength(5);
  });

  interface Pushing {
    readonly child: ChildProcess;
    readonly ended: Promise<{ code: number | null; output: string }>;
  }

  function start(args: readonly string[]): Pushing {
    const child = world.start(args);
    let output = '';
    child.stdin?.end();
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, output })),
    );
    return { child, ended };
  }

  async function onlyProposal(): Promise<{ id: string; kind: string }> {
    let open: Array<{ id: string; kind: string }> = [];
    await eventually(
      'a proposal waits',
      async () => {
        const { stdout } = await world.cli(['supervise', 'list', '--json']);
        open = JSON.parse(stdout === '' ? '[]' : stdout) as typeof open;
        return open.length === 1;
      },
      60_000,
    );
    const [proposal] = open;
    if (proposal === undefined) throw new Error('no proposal');
    return proposal;
  }
});
