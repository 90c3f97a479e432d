import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkArguments, renderConfig, type PipelockConfig } from '@bot-bottle/pipelock';
import { realRules } from '@bot-bottle/pipelock/testing';
import type { RunningGuard } from '@bot-bottle/sidecar-pipelock';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ownsListener } from '../src/owns-listener.ts';
import { executable, folder, programs, removeFolder } from './support/programs.ts';
import {
  authority,
  freePort,
  guardOf,
  logOf,
  plain,
  sidecarConfig,
  startUpstream,
  tunnelled,
  type SetUp,
  type Upstream,
} from './support/scene.ts';

// in pieces, so that this file holds no credential
const leak = ['AK', 'IA', 'QWERTYUIOPASDFGH'].join('');

let secure: Upstream;
let open: Upstream;
let guard: RunningGuard | null = null;
beforeAll(async () => {
  [secure, open] = await Promise.all([startUpstream(true), startUpstream(false)]);
});
afterEach(async () => {
  await guard?.stop();
  guard = null;
  secure.bodies.length = 0;
  open.bodies.length = 0;
});
afterAll(() => {
  secure.close();
  open.close();
  removeFolder();
});

describe.each(programs)('with $name', ({ name, path }) => {
  const start = async (set: SetUp = {}): Promise<string> => {
    guard = await guardOf(await sidecarConfig(path, set));
    return guard.listen;
  };
  const target = (): string => `localhost:${secure.port}`;

  it('a host of a route is reached, and its TLS is opened', async () => {
    const answer = await tunnelled(await start(), target(), 'guard', { body: 'harmless' });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('from the upstream');
    expect(secure.bodies).toEqual(['harmless']);
  });

  it('another host is refused before anything is dialled', async () => {
    const listen = await start({ routes: [{ host: 'a.example' }] });
    expect((await tunnelled(listen, target(), 'guard')).status).toBe(403);
    expect((await plain(listen, `localhost:${open.port}`)).status).toBe(403);
    expect([...secure.bodies, ...open.bodies]).toEqual([]);
  });

  it('a private address without a network that allows it is refused', async () => {
    const listen = await start({ routes: [{ host: 'localhost' }] });
    expect((await tunnelled(listen, target(), 'guard')).status).toBe(403);
    expect(secure.bodies).toEqual([]);
  });

  it('a secret in a body is blocked', async () => {
    const listen = await start();
    const answer = await tunnelled(listen, target(), 'guard', { body: `key=${leak}` });
    expect(answer.status).toBe(403);
    expect(answer.text).toMatch(/^X-Pipelock-Block-Reason: dlp_match\r?$/im);
    expect((await plain(listen, `localhost:${open.port}`, { body: leak })).status).toBe(403);
    expect([...secure.bodies, ...open.bodies]).toEqual([]);
  });

  it('a secret in any header is blocked', async () => {
    const answer = await tunnelled(await start(), target(), 'guard', { headers: [`X-Note: ${leak}`] });
    expect(answer.status).toBe(403);
    expect(secure.bodies).toEqual([]);
  });

  it('where TLS stays closed the certificate of the upstream comes, and nothing is looked at', async () => {
    const listen = await start({ tlsPassthrough: ['localhost'] });
    const answer = await tunnelled(listen, target(), 'upstream', { body: leak });
    expect(answer.status).toBe(200);
    expect(secure.bodies).toEqual([leak]);
  });

  it('where a credential is added TLS stays closed', async () => {
    const auth = { scheme: 'Bearer', tokenRef: 'TOKEN' } as const;
    const listen = await start({
      routes: [{ host: 'localhost', auth, addressAllowlist: ['127.0.0.0/8', '::1'] }],
    });
    expect((await tunnelled(listen, target(), 'upstream')).status).toBe(200);
  });

  it('plaintext is sent on', async () => {
    const answer = await plain(await start(), `localhost:${open.port}`, { body: 'harmless' });
    expect(answer.text).toContain('from the upstream');
    expect(open.bodies).toEqual(['harmless']);
  });

  it('it ends when it is told to, and nothing listens afterwards', async () => {
    const listen = await start();
    await guard?.stop();
    guard = null;
    await expect(plain(listen, 'localhost')).rejects.toThrow('ECONNREFUSED');
  });

  it('its configuration check takes every combination of optional sections, and no key of its own making', () => {
    const own = join(folder, 'check');
    spawnSync('mkdir', ['-p', own]);
    writeFileSync(join(own, 'ca.pem'), authority.cert);
    writeFileSync(join(own, 'ca-key.pem'), authority.key, { mode: 0o600 });
    const check = (text: string): number | null => {
      const file = join(own, 'pipelock.yaml');
      writeFileSync(file, text);
      return spawnSync(path, checkArguments(file), { env: { HOME: own }, timeout: 20_000 }).status;
    };
    for (let chosen = 0; chosen < 32; chosen += 1) {
      const has = (bit: number): boolean => (chosen & (1 << bit)) !== 0;
      const config: PipelockConfig = {
        version: 1,
        mode: 'strict',
        enforce: true,
        api_allowlist: ['*.b.example', 'a.example'],
        forward_proxy: { enabled: true },
        dlp: { include_defaults: true, scan_env: true },
        request_body_scanning: {
          action: 'block',
          ...(has(0) ? { scan_headers: true } : {}),
          ...(has(1) ? { header_mode: 'all' } : {}),
        },
        ...(has(2) ? { seed_phrase_detection: { enabled: false } } : {}),
        ...(has(3)
          ? {
              tls_interception: {
                enabled: true,
                ca_cert: join(own, 'ca.pem'),
                ca_key: join(own, 'ca-key.pem'),
                passthrough_domains: [],
              },
            }
          : {}),
        ...(has(4) ? { ssrf: { ip_allowlist: ['10.0.0.0/8', 'fd00::/8'] } } : {}),
      };
      const text = renderConfig(config);
      // The stand-in takes a third of a second to start and has the rules of `realRules`, which take all of them.
      expect(realRules.parse(config)).toEqual(config);
      if (name !== 'the stand-in' || chosen % 10 === 1) expect([chosen, check(text)]).toEqual([chosen, 0]);
    }
    expect(check('version: 1\nmode: strict\napi_allowlist: [a.example]\nnot_a_key: true\n')).not.toBe(0);
    expect(check('version: 1\nmode: strict\napi_allowlist: []\n')).not.toBe(0);
  });
});

describe('it does not come to serve', () => {
  const standIn = programs[0]?.path ?? '';
  const refused = async (
    program: string,
    more: Parameters<typeof guardOf>[1] = {},
    listen?: string,
  ): Promise<string> => {
    const config = await sidecarConfig(program);
    const given = listen === undefined ? config : { ...config, listen };
    const error: unknown = await guardOf(given, more).then(
      (running) => running.stop(),
      (reason: unknown) => reason,
    );
    if (!(error instanceof Error)) throw new Error('it serves');
    return `${error.message}; ${(error as { problems?: readonly string[] }).problems?.join('; ') ?? ''}`;
  };

  it('without the program', async () => {
    expect(await refused(join(folder, 'nothing'))).toContain('the pipelock program does not run; spawn');
  });

  it('in a version that is too old, or is not told', async () => {
    const old = executable('old', '#!/bin/sh\necho pipelock version 2.2.0\n');
    expect(await refused(old)).toContain('pipelock 2.2.0 is too old');
    expect(await refused(executable('other', '#!/bin/sh\necho hello\n'))).toContain(
      'does not say which version',
    );
  });

  it('when it refuses its configuration, and says why', async () => {
    const text = await refused(standIn, { caKey: '' });
    expect(text).not.toContain('refuses its configuration');
    const picky = executable(
      'picky',
      '#!/bin/sh\n[ "$1" = version ] && echo pipelock version 9.0.0 && exit 0\necho "field dlp not found" >&2\nexit 1\n',
    );
    expect(await refused(picky)).toContain('pipelock refuses its configuration; field dlp not found');
  });

  it('where something else listens', async () => {
    const other = await guardOf(await sidecarConfig(standIn));
    try {
      expect(await refused(standIn, {}, other.listen)).toContain('something else listens');
    } finally {
      await other.stop();
    }
  });

  it('where something else begins to listen at the same moment', async () => {
    const other = await guardOf(await sidecarConfig(standIn));
    try {
      const listens = ownsListener(process.pid, Number(other.listen.split(':')[1]));
      // what counts is whose it is, not that it answers
      expect(listens).toBe(false);
    } finally {
      await other.stop();
    }
  });

  it('when what answers does not guard as it was told', async () => {
    const lax = executable(
      'lax',
      `#!${process.execPath}\nconst [command, , , , listen] = process.argv.slice(2);
if (command === 'version') console.log('pipelock version 9.0.0');
if (command === 'run') require('node:http').createServer((q, s) => s.end('{"status":"healthy","version":"9.0.0","mode":"audit","forward_proxy_enabled":true}')).listen(Number(listen.split(':')[1]), '127.0.0.1');
`,
    );
    expect(await refused(lax, { healthMs: 1000 })).toContain('does not do what it was told');
  });

  it('when its answer does not end, of which little is read', async () => {
    const told = join(folder, 'sent');
    const endless = executable(
      'endless',
      `#!${process.execPath}\nconst [command, , , , listen] = process.argv.slice(2);
if (command === 'version') console.log('pipelock version 9.0.0');
if (command === 'run') {
  const { createServer } = require('node:http');
  const most = { bytes: 0 };
  const block = Buffer.alloc(1024 * 1024, ' ');
  createServer((_, answer) => {
    let bytes = 0;
    const more = () => {
      do bytes += block.length; while (answer.write(block));
      most.bytes = Math.max(most.bytes, bytes);
      require('node:fs').writeFileSync(${JSON.stringify(told)}, String(most.bytes));
    };
    answer.on('drain', more).on('error', () => undefined);
    more();
  }).listen(Number(listen.split(':')[1]), '127.0.0.1');
}
`,
    );
    expect(await refused(endless, { healthMs: 2500 })).toContain('does not do what it was told');
    // what the kernel's buffers and those of the reader take, not two seconds of zeros
    expect(Number(readFileSync(told, 'utf8'))).toBeLessThan(32 * 1024 * 1024);
  });

  it('with a configuration that is not ours', async () => {
    const config = await sidecarConfig(standIn);
    await expect(guardOf({ ...config, config: `${config.config}sentry: {}\n` })).rejects.toThrow(
      'sentry: is not a key',
    );
    await expect(guardOf({ ...config, listen: `0.0.0.0:${await freePort()}` })).rejects.toThrow('not valid');
  });
});

it('its own files are for nobody else, and the log does not hold the key', async () => {
  const config = await sidecarConfig(programs[0]?.path ?? '');
  guard = await guardOf(config);
  const { stdout } = spawnSync('stat', ['-c', '%a %n', 'pipelock.yaml', 'ca-key.pem', 'roots.pem'], {
    cwd: config.folder,
    encoding: 'utf8',
  });
  expect(stdout).toBe('600 pipelock.yaml\n600 ca-key.pem\n600 roots.pem\n');
  expect(logOf(config)).not.toContain('PRIVATE KEY');
});
