import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, rootCertificates } from 'node:tls';
import { sidecarFiles, type PipelockSidecarConfig } from '@bot-bottle/pipelock';

/** Writes what pipelock reads, 0600 and its own. The file of roots is the one that Go's TLS reads (SSL_CERT_FILE). */
export async function writeFiles(
  { folder, config, ca_cert: caCert, extra_ca: extraCa }: PipelockSidecarConfig,
  caKey: string,
): Promise<void> {
  const system = getCACertificates('system');
  const roots = [...(system.length > 0 ? system : rootCertificates), ...(extraCa === null ? [] : [extraCa])];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const write = async (name: string, text: string): Promise<void> => {
    const path = join(folder, name);
    await rm(path, { force: true });
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  };
  await Promise.all([
    write(sidecarFiles.config, config),
    write(sidecarFiles.caCert, caCert),
    write(sidecarFiles.caKey, caKey),
    write(sidecarFiles.roots, `${roots.map((each) => each.trim()).join('\n')}\n`),
  ]);
}
