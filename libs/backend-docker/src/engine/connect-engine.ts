import { existsSync, readFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BackendError } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { engineAddress, type EngineAddress } from './engine-address.ts';
import { answerMs } from './within.ts';

export interface EngineConnection {
  readonly docker: Dockerode;
  readonly address: EngineAddress;
  /** whether the engine's host is this one */
  readonly isLocal: boolean;
}

export interface EngineWish {
  /** address of settings.yml, null: DOCKER_HOST, else the usual socket */
  readonly host: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * A client for the engine; nothing is sent yet.
 *
 * @throws BackendError `settings_invalid` for an address or a certificate that cannot be used
 */
export async function connectEngine({ host, env }: EngineWish): Promise<EngineConnection> {
  const tlsVerify = (env['DOCKER_TLS_VERIFY'] ?? '') !== '';
  const named = host ?? env['DOCKER_HOST'] ?? '';
  const address = engineAddress(named === '' ? `unix://${usualSocket()}` : named, tlsVerify);
  // Loaded only when a bottle is launched on an engine.
  const { default: Client } = await import('dockerode');
  const docker = new Client({ ...noDefaults, ...(await optionsOf(address, env)) });
  limitAnswers(docker);
  return {
    docker,
    address,
    isLocal: address.kind === 'unix' || (address.kind === 'tcp' && isLoopback(address.host)),
  };
}

/**
 * Gives every answer that is read whole a limit. Without a signal the client also has no listener for an answer that
 * breaks off, and an engine that crashes would take this process along.
 */
function limitAnswers(docker: Dockerode): void {
  const modem: { dial: DockerModem['dial'] } = docker.modem;
  const dial = modem.dial.bind(modem);
  modem.dial = (request, done) => {
    const isLimited = request.isStream === true || request.abortSignal !== undefined;
    dial(isLimited ? request : { ...request, abortSignal: AbortSignal.timeout(answerMs) }, done);
  };
}

type DockerModem = Dockerode['modem'];

// The client would fill what is missing from DOCKER_HOST, even when settings.yml names another engine.
const noDefaults = {
  host: '',
  port: '',
  socketPath: undefined,
  protocol: 'http',
  pathPrefix: '/',
  ca: undefined,
  cert: undefined,
  key: undefined,
  timeout: 0,
} as const;

type ClientOptions = Dockerode.DockerOptions & { readonly agent?: Agent };

async function optionsOf(address: EngineAddress, env: EngineWish['env']): Promise<ClientOptions> {
  switch (address.kind) {
    case 'unix':
      return { socketPath: address.path };
    case 'tcp': {
      const { host, port, tls } = address;
      // Written as in a URL, because it becomes part of one.
      const shown = host.includes(':') ? `[${host}]` : host;
      return tls ? { host: shown, port, protocol: 'https', ...certificates(env) } : { host: shown, port };
    }
    case 'ssh': {
      const { sshAgent } = await import('./ssh-agent.ts');
      // The name is only for the header: ssh connects.
      return { host: 'localhost', port: 80, agent: sshAgent(address) };
    }
  }
}

/** `ca.pem`, `cert.pem`, `key.pem` of DOCKER_CERT_PATH, as the docker command reads them. */
function certificates(env: EngineWish['env']): ClientOptions {
  const folder = env['DOCKER_CERT_PATH'] ?? join(env['HOME'] ?? homedir(), '.docker');
  const read = (name: string): Buffer => {
    try {
      return readFileSync(join(folder, name));
    } catch (cause) {
      throw new BackendError('settings_invalid', `${join(folder, name)} cannot be read`, {
        hint: 'an engine with TLS needs ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH',
        cause,
      });
    }
  };
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

/** Docker Desktop has its socket in the home. */
function usualSocket(): string {
  const own = join(homedir(), '.docker', 'run', 'docker.sock');
  return existsSync(own) ? own : '/var/run/docker.sock';
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');
