import { z } from 'zod';
import { DemoApi } from './demo-api.ts';

const answer = z.strictObject({
  status: z.number().nullable(),
  /** X-Bot-Bottle-Deny */
  deny: z.string().nullable(),
  headers: z.string(),
  body: z.string(),
  error: z.string().nullable(),
});

/** How one git command ended, and what it said. */
const gitAnswer = z.strictObject({ code: z.number().nullable(), said: z.string() });

/** What the scripted agent reports. It comes out of a bottle, so it is checked like anything hostile. */
export const agentReportSchema = z.strictObject({
  allowed: answer,
  echo: answer,
  host: answer,
  method: answer,
  path: answer,
  leak: answer,
  dns: z.string(),
  outside: z.string(),
  upstream: z.string(),
  clone: gitAnswer,
  cleanPush: gitAnswer,
  secretPush: gitAnswer,
  hiddenPush: gitAnswer,
  env: z.string(),
});
export type AgentReport = z.output<typeof agentReportSchema>;

/**
 * The agent of the demo, for `node -e` in the bottle. It has nothing but Node.js and git, and speaks to the proxy of
 * its environment, as any client does.
 */
export function agentScript(port: number, remoteUrl: string): string {
  return `
const { request } = require('node:http');
const { spawnSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const tls = require('node:tls');
const net = require('node:net');
const dns = require('node:dns/promises');
const api = ${JSON.stringify(DemoApi.host)}, port = ${port}, remote = ${JSON.stringify(remoteUrl)};

function ask(host, method, path, body) {
  return new Promise((resolve) => {
    const fail = (error) =>
      resolve({ status: null, deny: null, headers: '', body: '', error: String(error.code || error.message) });
    const proxy = new URL(process.env.HTTPS_PROXY);
    const target = host + ':' + port;
    const connect = request({
      host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: target, headers: { host: target },
    });
    connect.setTimeout(10000, () => connect.destroy(new Error('timeout')));
    connect.on('error', fail).on('connect', (response, socket) => {
      if (response.statusCode !== 200) return fail(new Error('CONNECT ' + response.statusCode));
      const secure = tls.connect({ socket, servername: host }, () => {
        const sent = request({ createConnection: () => secure, method, path, host, port, headers: { connection: 'close' } });
        sent.on('error', fail).on('response', (got) => {
          let text = '';
          got.on('data', (chunk) => (text += chunk)).on('end', () => resolve({
            status: got.statusCode,
            deny: got.headers['x-bot-bottle-deny'] || null,
            headers: JSON.stringify(got.headers),
            body: text.slice(0, 4000),
            error: null,
          }));
        });
        sent.end(body);
      });
      secure.on('error', fail);
    }).end();
  });
}

function dial(host, to) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: to, timeout: 3000 }, () => resolve('connected'));
    socket.on('error', (error) => resolve(error.code)).on('timeout', () => resolve('timeout'));
  });
}

const work = process.env.HOME + '/demo';

function git(...args) {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: fs.existsSync(work) ? work : process.env.HOME, encoding: 'utf8', timeout: 20000,
  });
  return { code: status, said: (String(stdout) + String(stderr) + (error ? error.message : '')).slice(0, 8000) };
}

function commit(name, content, message) {
  if (content === null) fs.rmSync(work + '/' + name);
  else fs.writeFileSync(work + '/' + name, content);
  git('add', '--all');
  return git('commit', '--quiet', '--message', message);
}

function branch(name, commits) {
  git('switch', '--quiet', '--create', name, 'origin/main');
  for (const [file, content, message] of commits) commit(file, content, message);
  return git('push', 'origin', 'HEAD:refs/heads/' + name);
}

// A fresh value in the form of a vendor's token: what a careless agent would commit.
const token = () => 'glpat-' + randomBytes(40).toString('base64').replace(/[^A-Za-z0-9]/g, '').slice(0, 20);

(async () => {
  const key = Buffer.from(process.env.DEPLOY_KEY).toString('base64');
  const report = {
    allowed: await ask(api, 'GET', '/v1/hello'),
    echo: await ask(api, 'GET', '/v1/echo'),
    host: await ask('undeclared.demo.test', 'GET', '/'),
    method: await ask(api, 'DELETE', '/v1/hello'),
    path: await ask(api, 'GET', '/admin'),
    leak: await ask(api, 'POST', '/v1/notes', 'please note: ' + key),
    dns: await dns.lookup('example.com').then(() => 'resolved', (error) => error.code),
    outside: await dial('192.0.2.1', 443),
    upstream: await dial('127.0.0.1', port),
    clone: git('clone', remote, work),
    cleanPush: branch('feature', [['feature.txt', 'a feature\\n', 'add a feature']]),
    secretPush: branch('leak', [['config.ini', 'leak_token = ' + token() + '\\n', 'add the configuration']]),
    hiddenPush: branch('hidden', [
      ['config.ini', 'hidden_token = ' + token() + '\\n', 'add the configuration'],
      ['config.ini', null, 'remove the token again'],
    ]),
    env: JSON.stringify(process.env),
  };
  process.stdout.write(JSON.stringify(report), () => process.exit(0));
})();
`;
}

/** Prints every file that the agent can read and that is not part of the system, and what /proc tells it. */
export const dumpScript = `
const fs = require('node:fs');
const path = require('node:path');
const out = (file) => { try { process.stdout.write(fs.readFileSync(file)); } catch {} };
const walk = (folder) => {
  let entries = [];
  try { entries = fs.readdirSync(folder, { withFileTypes: true }); } catch {}
  for (const entry of entries) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(name);
    else if (entry.isFile() && fs.statSync(name).size < 1e7) out(name);
  }
};
for (const folder of ['/home', '/tmp', '/run', '/etc', '/var', '/dev/shm']) walk(folder);
for (const pid of fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
  for (const file of ['environ', 'cmdline']) out('/proc/' + pid + '/' + file);
}
process.stdout.write('end of dump');
`;
