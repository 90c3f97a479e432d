import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeServerCertificate, type ServerCertificate } from './certificates.ts';

/** A git server over HTTPS, run by git's own http-backend, with one repository `repo.git` of one commit. */
export class GitUpstream {
  readonly certificate: ServerCertificate;
  readonly #dir: string;
  readonly #server: Server;

  constructor(name: string) {
    this.#dir = mkdtempSync(path.join(tmpdir(), 'bb-git-upstream-'));
    chmodSync(this.#dir, 0o755);
    this.certificate = makeServerCertificate(this.#dir, [name]);
    chmodSync(this.certificate.caFile, 0o644);
    this.#makeRepository();
    this.#server = createServer(
      { cert: this.certificate.cert, key: this.certificate.key },
      (request, response) => this.#answer(request, response),
    );
  }

  #makeRepository(): void {
    const work = path.join(this.#dir, 'work');
    const git = (...args: string[]): void => {
      execFileSync('git', args, { env: { PATH: process.env['PATH'] ?? '', HOME: this.#dir }, stdio: 'pipe' });
    };
    git('init', '--quiet', '--initial-branch=main', work);
    writeFileSync(path.join(work, 'README.md'), 'fetched through egress\n');
    git('-C', work, 'add', '.');
    git(
      '-C',
      work,
      '-c',
      'user.name=e2e',
      '-c',
      'user.email=e2e@example.invalid',
      'commit',
      '--quiet',
      '-m',
      'one',
    );
    git('clone', '--quiet', '--bare', work, path.join(this.#dir, 'repo.git'));
    git('-C', path.join(this.#dir, 'repo.git'), 'config', 'http.receivepack', 'true');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'https://git');
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        GIT_PROJECT_ROOT: this.#dir,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    backend.once('close', () => {
      const answer = Buffer.concat(chunks);
      const end = answer.indexOf('\r\n\r\n');
      for (const line of answer.subarray(0, end).toString().split('\r\n')) {
        const [name = '', value = ''] = line.split(': ');
        if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.end(answer.subarray(end + 4));
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
