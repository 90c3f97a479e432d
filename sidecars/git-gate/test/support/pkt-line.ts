import { runProgram } from './run-program.ts';

export const flush = Buffer.from('0000');
export const delimiter = Buffer.from('0001');

/** gitprotocol-common(5), pkt-line. */
export function pkt(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

export const zeroOid = '0'.repeat(40);

export interface Command {
  readonly oldOid: string;
  readonly newOid: string;
  readonly ref: string | Uint8Array;
}

/** Body of a git-receive-pack request (gitprotocol-pack(5)). */
export function receivePackBody(
  commands: readonly Command[],
  pack: Uint8Array,
  capabilities = 'report-status side-band-64k agent=raw',
): Buffer {
  const lines = commands.map(({ oldOid, newOid, ref }, index) =>
    pkt(
      Buffer.concat([
        Buffer.from(`${oldOid} ${newOid} `),
        Buffer.from(ref),
        Buffer.from(index === 0 ? `\0 ${capabilities}` : ''),
      ]),
    ),
  );
  return Buffer.concat([...lines, flush, pack]);
}

export const receivePackHeaders = {
  'Content-Type': 'application/x-git-receive-pack-request',
  Accept: 'application/x-git-receive-pack-result',
} as const;
export const uploadPackHeaders = {
  'Content-Type': 'application/x-git-upload-pack-request',
  Accept: 'application/x-git-upload-pack-result',
} as const;

/** Body of a fetch with protocol version 2 (gitprotocol-v2(5)). */
export function fetchBody(wants: readonly string[], more: readonly string[] = ['done']): Buffer {
  return Buffer.concat([
    pkt('command=fetch'),
    pkt('object-format=sha1'),
    delimiter,
    ...wants.map((oid) => pkt(`want ${oid}\n`)),
    ...more.map((line) => pkt(`${line}\n`)),
    flush,
  ]);
}

/** A pack of exactly these objects. */
export async function packOf(gitDir: string, oids: readonly string[]): Promise<Buffer> {
  const { code, stdout, stderr } = await runProgram('git', ['pack-objects', '--stdout', '-q'], {
    env: { GIT_DIR: gitDir, GIT_CONFIG_GLOBAL: '/dev/null' },
    input: oids.map((oid) => `${oid}\n`).join(''),
    encoding: 'latin1',
  });
  if (code !== 0) throw new Error(stderr);
  return Buffer.from(stdout, 'latin1');
}
