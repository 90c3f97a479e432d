import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plainAgent } from '../src/images/agent-image.ts';
import { testEngine } from './support/engine.ts';
import { localBottle } from './support/local-bottle.ts';

const engine = await testEngine();

/** What the rules of a proposal refuse, in an image of the operator's own: also then it counts for nothing. */
const dockerfile = `ARG AGENT_IMAGE
FROM \${AGENT_IMAGE}
USER root
RUN mkdir /data && echo here > /data/file
VOLUME ["/data", "/home/node", "/tmp", "/run"]
ENTRYPOINT ["/bin/sh", "-c", "touch /data/entry; sleep 600"]
CMD ["evil"]
HEALTHCHECK --interval=1s CMD touch /data/health
STOPSIGNAL SIGCONT
EXPOSE 22
ONBUILD RUN exit 1
`;

test.skipIf(engine === null)(
  'what an image says of volumes, entry points, health checks and signals changes nothing',
  async () => {
    if (engine === null) return;
    const { docker } = engine;
    const folder = mkdtempSync(join(tmpdir(), 'bb-says-'));
    const path = join(folder, 'Dockerfile');
    writeFileSync(path, dockerfile);
    const local = await localBottle(engine, { image: { ...plainAgent, dockerfile: path } });
    const container = docker.getContainer(`bot-bottle-${local.identity}`);
    const { Config, HostConfig, Mounts, State, Image } = await container.inspect();
    try {
      expect(Config).toMatchObject({ Entrypoint: ['/bin/cat'], Healthcheck: { Test: ['NONE'] } });
      expect(Config.Cmd ?? []).toEqual([]);
      expect(State.Health ?? null).toBe(null);
      expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], PublishAllPorts: false });
      const { stdout } = await local.sh(
        'id -u; for place in /data /x /etc/x; do touch $place/x 2>/dev/null && echo writes $place; done; ls /data; findmnt -no FSTYPE /tmp || stat -fc %T /tmp',
      );
      // Neither the entry point nor a health check ran.
      expect(stdout).toBe('1000\nfile\ntmpfs\n');
      await local.host.selfCheck(local.bottle);
    } finally {
      expect(await local.dispose()).toEqual([]);
      await docker.getImage(Image).remove({ force: true });
      rmSync(folder, { recursive: true });
    }
    // What the image declared goes with the container.
    for (const { Name } of Mounts.filter(({ Type }) => Type === 'volume'))
      await expect(docker.getVolume(Name ?? '').inspect()).rejects.toMatchObject({ statusCode: 404 });
  },
  120_000,
);
