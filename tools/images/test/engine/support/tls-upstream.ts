import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { built } from './built-images.ts';
import { logs } from './container.ts';
import type { Scene } from './scene.ts';

const program = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
const options = { key: readFileSync('/tls/upstream.key'), cert: readFileSync('/tls/upstream.crt') };
createServer(options, (request, response) => {
  console.log(request.method, request.url, request.headers.authorization);
  response.end('from the upstream, which was sent ' + request.headers.authorization);
}).listen(443, () => console.log('listening'));
`;

/** An HTTPS server in a container that other containers of the scene's network know as `host`. */
export async function startUpstream(scene: Scene, host: string): Promise<{ readonly container: string }> {
  await writeFile(join(scene.folder, 'upstream.mjs'), program);
  await scene.sh(`
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=upstream-ca \\
      -addext basicConstraints=critical,CA:TRUE -keyout upstream-ca.key -out upstream-ca.crt 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${host} \\
      -keyout upstream.key -out upstream.csr 2>/dev/null
    echo subjectAltName=DNS:${host} > upstream.ext
    openssl x509 -req -in upstream.csr -CA upstream-ca.crt -CAkey upstream-ca.key -CAcreateserial -days 2 \\
      -extfile upstream.ext -out upstream.crt 2>/dev/null
    chmod 644 upstream.key`);
  const container = await scene.run('upstream', [
    '--network-alias',
    host,
    '--volume',
    `${scene.folder}:/tls:ro`,
    built('agent-command'),
    'node',
    '/tls/upstream.mjs',
  ]);
  await scene.until(
    async () => (await logs(container)).includes('listening'),
    () => logs(container),
  );
  return { container };
}
