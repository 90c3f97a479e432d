import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../src/workspace.ts';
import { built } from './support/built-images.ts';
import { logs, stops, told, turnsHealthy } from './support/container.ts';
import { missingEngine } from './support/engine.ts';
import { out, ran } from './support/program.ts';
import { freePort, openScene, testLabel } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

const token = 'b0d1e5c2f7a94e3d8c61';
const ports = [9099, 9420, 9100];

// Its files belong to three users, which only root can arrange.
describe.skipIf(missingEngine !== null || process.getuid?.() !== 0)(
  'the bundle, as its README runs it',
  () => {
    let scene: Scene;
    let container: string;
    const published = new Map<number, number>();

    beforeAll(async () => {
      scene = await openScene();
      const egress = await readFile(join(workspaceRoot, 'sidecars/egress/README.md'), 'utf8');
      await scene.sh(/^```sh\n(openssl req .*?^JSON\n)/ms.exec(egress)?.[1] ?? '');
      await scene.sh("ssh-keygen -q -t ed25519 -N '' -f deploy-key");
      const [type, key] = (await readFile(join(scene.folder, 'deploy-key.pub'), 'utf8')).split(' ');
      const repos = {
        app: {
          url: 'ssh://git@upstream.invalid/app.git',
          identity: 'deploy-key',
          host_key: `${type} ${key}`,
        },
      };
      await writeFile(join(scene.folder, 'gate.json'), JSON.stringify({ repos }));
      container = `${scene.network}-sidecars`;
      await scene.sh(await script(), { GITHUB_TOKEN: token });
      await turnsHealthy(scene, container);
    });
    afterAll(async () => await scene?.close());

    async function script(): Promise<string> {
      const readme = await readFile(join(workspaceRoot, 'images/README.md'), 'utf8');
      let text = /^## The bundle\n\n```sh\n(.*?)^```/ms.exec(readme)?.[1] ?? '';
      const [image = 'none'] = /ghcr\.io\/bot-bottle\/sidecar-bundle:\d+\.\d+\.\d+$/m.exec(text) ?? [];
      const changes: Array<[string, string]> = [
        ['docker network create bottle\n', ''],
        ['--name sidecars --network bottle', `--name ${container} --network ${scene.network}`],
        [
          'docker run ',
          `docker run --health-interval 1s --network-alias sidecars --label ${testLabel}=${scene.id} `,
        ],
        [image, built('sidecar-bundle')],
      ];
      for (const port of ports) {
        published.set(port, await freePort());
        changes.push([`127.0.0.1:${port}:`, `127.0.0.1:${published.get(port)}:`]);
      }
      for (const [from, to] of changes) {
        expect(text).toContain(from);
        text = text.replace(from, () => to);
      }
      return text.replaceAll('sudo ', '');
    }

    const health = async (port: number): Promise<number> =>
      (await fetch(`http://127.0.0.1:${published.get(port)}/health`)).status;

    /** Process id in the container of a child. */
    const pidOf = async (uid: number): Promise<string> => {
      const find = `for p in /proc/[0-9]*; do [ "$(stat -c %u $p)" = ${uid} ] && echo \${p#/proc/}; done; true`;
      return (await out('docker', ['exec', container, 'sh', '-c', find])).split('\n')[0] ?? '';
    };
    const as = (uid: number, command: string) =>
      ran('docker', ['exec', '--user', `${uid}:${uid}`, container, 'sh', '-c', command]);

    it('runs all three, each as a user of its own without rights', async () => {
      for (const port of ports) expect(await health(port)).toBe(200);
      for (const uid of [1001, 1002, 1003]) {
        const status = await out('docker', ['exec', container, 'cat', `/proc/${await pidOf(uid)}/status`]);
        expect(status).toMatch(new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, 'm'));
        expect(status).toMatch(new RegExp(`^Gid:\t${uid}\t${uid}\t${uid}\t${uid}$`, 'm'));
        expect(status).toMatch(/^Groups:\s*$/m);
        expect(status).toMatch(/^Cap(?:Eff|Prm|Amb):\t0{16}$/m);
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      }
    });

    it('gives a child the variables of no other', async () => {
      const { stdout } = await as(1003, `tr '\\0' '\\n' < /proc/${await pidOf(1003)}/environ`);
      expect(stdout).toContain('SUPERVISE_BOTTLE_SLUG=demo');
      expect(stdout).not.toMatch(/EGRESS_ROUTES|GIT_GATE_/);
    });

    it('keeps secrets and memory of one child from the others', async () => {
      const egress = await pidOf(1001);
      expect((await as(1001, 'cat /run/secrets/EGRESS_TOKEN_0')).stdout).toBe(token);
      for (const uid of [1002, 1003]) {
        expect(await as(uid, 'cat /run/secrets/EGRESS_TOKEN_0')).toMatchObject({ stdout: '' });
        expect(await as(uid, `head -c 1 /proc/${egress}/environ`)).toMatchObject({ stdout: '' });
        expect((await as(uid, `head -c 1 /proc/${egress}/mem`)).stderr).toContain('Permission denied');
        expect(await as(uid, `kill -9 ${egress}`)).not.toMatchObject({ code: 0 });
      }
      expect((await as(1003, 'cat /config/deploy-key')).stdout).toBe('');
      expect(await told(container)).not.toContain(token);
    });

    it('keeps the others when one child dies, and starts it again', async () => {
      const [egress, gate, supervise] = [await pidOf(1001), await pidOf(1002), await pidOf(1003)];
      expect((await as(1002, `kill -9 ${gate}`)).code).toBe(0);
      await scene.until(
        async () => !['', gate].includes(await pidOf(1002)),
        () => logs(container),
      );
      await scene.until(
        async () => (await health(9420).catch(() => 0)) === 200,
        () => logs(container),
      );
      expect([await pidOf(1001), await pidOf(1003)]).toEqual([egress, supervise]);
      expect(await logs(container)).toContain('[supervisor] git-gate exited by SIGKILL');
    });

    it('ends in time when it is stopped', async () => {
      const { code, ms } = await stops(container);
      expect(code).toBe(0);
      expect(ms).toBeLessThan(8_000);
    });

    it('says what is missing when nothing is configured', async () => {
      const { code, stderr } = await ran('docker', [
        'run',
        '--rm',
        '--network',
        'none',
        built('sidecar-bundle'),
      ]);
      expect(code).toBe(2);
      expect(stderr).toContain('EGRESS_ROUTES');
    });
  },
);
