import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { stdout } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentReport, ApiAnswer } from '../agent-report.ts';
import { HumanTools } from './ask-human.ts';
import { callApi, messageOf } from './call-api.ts';
import { Clone } from './use-git.ts';

/**
 * The agent of the demo: one file, given to `node -` in the bottle. It has what any agent has: Node.js, git, the proxy
 * of its environment and an MCP client.
 */
const [api = '', portText = '', remote = ''] = process.argv.slice(2);
const port = Number(portText);
const { env } = process;
const home = env['HOME'] ?? '';

function dial(host: string, to: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: to, timeout: 3000 }, () => resolve('connected'));
    socket.on('error', (error) => resolve(messageOf(error))).on('timeout', () => resolve('timeout'));
  });
}

/** A fresh value in the form of a vendor's token: what a careless agent would commit. */
const token = (): string =>
  `glpat-${randomBytes(40)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 20)}`;

/** Asks again until the answer is a denial, for as long as the demo's grant can last and then some. */
async function untilDenied(): Promise<ApiAnswer> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await callApi(api, port, 'GET', '/admin');
    if (answer.deny !== null || attempt >= 60) return answer;
    await pause(250);
  }
}

async function report(): Promise<AgentReport> {
  const key = Buffer.from(env['DEPLOY_KEY'] ?? '').toString('base64');
  const clone = new Clone(home);
  const beforeHuman = {
    allowed: await callApi(api, port, 'GET', '/v1/hello'),
    echo: await callApi(api, port, 'GET', '/v1/echo'),
    host: await callApi('undeclared.demo.test', port, 'GET', '/'),
    method: await callApi(api, port, 'DELETE', '/v1/hello'),
    path: await callApi(api, port, 'GET', '/admin'),
    leak: await callApi(api, port, 'POST', '/v1/notes', `please note: ${key}`),
    dns: await lookup('example.com').then(() => 'resolved', messageOf),
    outside: await dial('192.0.2.1', 443),
    upstream: await dial(new URL(remote).hostname, port),
    clone: clone.clone(remote),
    cleanPush: clone.push('feature', [['feature.txt', 'a feature\n', 'add a feature']]),
    secretPush: clone.push('leak', [['config.ini', `leak_token = ${token()}\n`, 'add the configuration']]),
    hiddenPush: clone.push('hidden', [
      ['config.ini', `hidden_token = ${token()}\n`, 'add the configuration'],
      ['config.ini', null, 'remove the token again'],
    ]),
    env: JSON.stringify(env),
  };
  const human = await HumanTools.connect(env['MCP_SUPERVISE_URL'] ?? '');
  const tools = await human.names();
  const asked = await human.follow(beforeHuman.path.body, 'The task needs the list of users once.');
  await human.close();
  const granted = await callApi(api, port, 'GET', '/admin');
  return { ...beforeHuman, tools, asked, granted, expired: await untilDenied() };
}

stdout.write(JSON.stringify(await report()), () => process.exit(0));
