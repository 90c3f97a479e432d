import { realpathSync, statSync } from 'node:fs';
import { ProtocolError } from '@bot-bottle/sidecar-protocol';
import { parseListen } from '@bot-bottle/sidecar-protocol/program';
import { superviseSlots, superviseTools, usualTools } from '@bot-bottle/supervise';
import type { SuperviseConfigInput, SuperviseTool } from '@bot-bottle/supervise';
import { invalidConfig } from '../errors.ts';

/** What a stand-alone server is configured with. */
export interface StandAlone {
  readonly config: SuperviseConfigInput & { readonly tools: SuperviseTool[] };
  readonly secrets: Readonly<Record<string, string>>;
  readonly proposals: string | null;
  readonly responses: string | null;
  readonly egress: URL | null;
  /** folder of the audit log, null: events go to the log */
  readonly auditFolder: string | null;
}

const slug = /^[a-z0-9][a-z0-9-]{0,63}$/;
const MAX_SECONDS = 300;

/**
 * Reads the configuration from the environment, and deletes the secrets from it.
 *
 * @throws SuperviseServerError `invalid_config` with every problem at once; no message holds a secret
 */
export function readEnvironment(env: NodeJS.ProcessEnv): StandAlone {
  const problems: string[] = [];
  const token = env[superviseSlots.accessToken];
  delete env[superviseSlots.accessToken];
  if (token === '') problems.push(`${superviseSlots.accessToken} is empty`);
  const bottle = env['SUPERVISE_BOTTLE_SLUG'] ?? '';
  if (!slug.test(bottle))
    problems.push(
      `SUPERVISE_BOTTLE_SLUG is ${bottle === '' ? 'not set' : 'not a name of [a-z0-9-] with at most 64 characters'}`,
    );
  const proposals = folder(env, 'SUPERVISE_PROPOSALS', problems);
  const responses = folder(env, 'SUPERVISE_RESPONSES', problems);
  if (isSet(env, 'SUPERVISE_PROPOSALS') !== isSet(env, 'SUPERVISE_RESPONSES'))
    problems.push('SUPERVISE_PROPOSALS and SUPERVISE_RESPONSES go together');
  if (proposals !== null && proposals === responses)
    problems.push(
      'SUPERVISE_PROPOSALS and SUPERVISE_RESPONSES are one folder: only a human writes responses',
    );
  const egress = proxyUrl(env['SUPERVISE_EGRESS_URL'] ?? '', problems);
  delete env['SUPERVISE_EGRESS_URL'];
  const able: Readonly<Record<SuperviseTool, boolean>> = {
    'list-egress-routes': egress !== null,
    'egress-block': proposals !== null && responses !== null,
    'pipelock-block': proposals !== null && responses !== null,
    'capability-block': proposals !== null && responses !== null,
    'explain-denial': true,
    'check-proposal': proposals !== null && responses !== null,
  };
  const listen = listenOf(env['SUPERVISE_LISTEN'] ?? '127.0.0.1:9100', problems);
  const config = {
    bottle,
    listen,
    // what an operator wrote here is a name that he means
    hosts: listen.startsWith('unix:') ? ['supervise:9100'] : ['supervise:9100', listen],
    tools: toolsOf(env['SUPERVISE_TOOLS'], able, problems),
    response_timeout_seconds: secondsOf(env['SUPERVISE_RESPONSE_TIMEOUT_SECONDS'] ?? '30', problems),
  };
  if (problems.length > 0) throw invalidConfig(problems);
  return {
    config,
    secrets: token === undefined ? {} : { [superviseSlots.accessToken]: token },
    proposals,
    responses,
    egress,
    auditFolder: isSet(env, 'SUPERVISE_AUDIT') ? (env['SUPERVISE_AUDIT'] ?? null) : null,
  };
}

const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => (env[name] ?? '') !== '';

function folder(env: NodeJS.ProcessEnv, name: string, problems: string[]): string | null {
  if (!isSet(env, name)) return null;
  try {
    const path = realpathSync(env[name] ?? '');
    const found = statSync(path);
    if (!found.isDirectory()) problems.push(`${name} is not a folder`);
    // With the sticky bit, as in /tmp, others could still add files.
    else if ((found.mode & 0o002) !== 0) problems.push(`${name} can be written by everybody`);
    return path;
  } catch {
    problems.push(`${name} does not exist or cannot be read`);
    return null;
  }
}

function listenOf(listen: string, problems: string[]): string {
  try {
    parseListen(listen);
  } catch (error) {
    problems.push(`SUPERVISE_LISTEN: ${ProtocolError.isInstance(error) ? error.message : 'cannot be read'}`);
  }
  return listen;
}

function secondsOf(text: string, problems: string[]): number {
  const seconds = /^\d{1,6}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= MAX_SECONDS))
    problems.push(`SUPERVISE_RESPONSE_TIMEOUT_SECONDS is not a positive number, at most ${MAX_SECONDS}`);
  return seconds;
}

/** The value may hold a password, so it is not repeated. */
function proxyUrl(text: string, problems: string[]): URL | null {
  if (text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' && url.hostname !== '' && url.pathname === '/' && url.search === '')
    return url;
  problems.push('SUPERVISE_EGRESS_URL is not http://[user:password@]host:port');
  return null;
}

function toolsOf(
  text: string | undefined,
  able: Readonly<Record<SuperviseTool, boolean>>,
  problems: string[],
): SuperviseTool[] {
  if (text === undefined || text === '') return usualTools.filter((name) => able[name]);
  const tools = new Set<SuperviseTool>();
  for (const word of text.split(/[\s,]+/).filter((each) => each !== '')) {
    const name = superviseTools.find((each) => each === word);
    if (name === undefined)
      problems.push(`SUPERVISE_TOOLS: there is no tool ${JSON.stringify(word.slice(0, 64))}`);
    else if (!able[name]) problems.push(`SUPERVISE_TOOLS: ${name} needs ${needs(name)}`);
    else tools.add(name);
  }
  if (tools.size === 0 && problems.length === 0) problems.push('SUPERVISE_TOOLS names no tool');
  return [...tools];
}

function needs(name: SuperviseTool): string {
  return name === 'list-egress-routes'
    ? 'SUPERVISE_EGRESS_URL'
    : 'SUPERVISE_PROPOSALS and SUPERVISE_RESPONSES';
}
