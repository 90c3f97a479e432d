import type { Algorithms, ConnectConfig } from 'ssh2';

export interface UpstreamAddress {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** `<type> <base64>` with or without a comment, null: none is declared */
  readonly hostKey: string | null;
}

export interface UpstreamProbe {
  /**
   * key-accepted: reached, host key as declared, key let in; host-key-matches: the same without a key to try;
   * unverified: reached, no host key is declared, so no key was shown; the rest are failures
   */
  readonly outcome:
    | 'key-accepted'
    | 'host-key-matches'
    | 'unverified'
    | 'host-key-differs'
    | 'key-refused'
    | 'key-unreadable'
    | 'unreachable';
  /** what the server showed, `<type> <base64>`, null: it was not reached so far */
  readonly offered: string | null;
  /** why it was not reached; from the network or the server, hostile */
  readonly why: string | null;
}

/** milliseconds until the log-in must be done */
const limitMs = 10_000;

type HostKeyAlgorithms = Extract<Algorithms['serverHostKey'], readonly unknown[]>;

/**
 * Connects as the gate does, and no further than the log-in: no shell, no command. The private key is used only when
 * the server has proved the declared host key.
 *
 * @param key text of the private key, null: check the host only
 */
export async function probeUpstream(
  address: UpstreamAddress,
  key: string | null,
  timeoutMs: number = limitMs,
): Promise<UpstreamProbe> {
  const { Client, parseKey } = await import('./ssh-client.ts');
  if (key !== null && parseKey(key) instanceof Error)
    return { outcome: 'key-unreadable', offered: null, why: null };
  const declared = address.hostKey?.split(/\s+/, 2) ?? null;
  const { promise, resolve } = Promise.withResolvers<UpstreamProbe>();
  const client = new Client();
  let offered: string | null = null;
  let isDeclared = false;
  const finish = (outcome: UpstreamProbe['outcome'], why: string | null = null): void =>
    resolve({ outcome, offered, why });
  client.once('ready', () => finish('key-accepted'));
  client.on('error', (error) => {
    const level: unknown = Reflect.get(error, 'level');
    if (offered !== null && declared === null) finish('unverified');
    else if (offered !== null && !isDeclared) finish('host-key-differs');
    else if (level === 'client-authentication') finish(key === null ? 'host-key-matches' : 'key-refused');
    else finish('unreachable', error.message);
  });
  client.once('close', () => finish('unreachable', 'the server closed the connection'));
  // Its own limit ends with the handshake in some states, so that of the whole is kept here.
  const timer = setTimeout(() => finish('unreachable', `no answer within ${timeoutMs / 1000} s`), timeoutMs);
  const { user, host, port } = address;
  const config: ConnectConfig = {
    host,
    port,
    username: user,
    readyTimeout: timeoutMs,
    ...(key === null ? { authHandler: ['none'] } : { privateKey: key, authHandler: ['publickey'] }),
    algorithms: { serverHostKey: hostKeyAlgorithms(declared?.[0] ?? null) },
    hostVerifier: (shown: Buffer) => {
      offered = hostKeyText(shown);
      isDeclared = declared !== null && offered === declared.join(' ');
      return isDeclared;
    },
  };
  try {
    client.connect(config);
    return await promise;
  } catch (error) {
    return {
      outcome: 'unreachable',
      offered,
      why: error instanceof Error ? error.message : 'unknown failure',
    };
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}

/** Of several host keys a server shows the one of the type that is asked for. */
function hostKeyAlgorithms(type: string | null): HostKeyAlgorithms {
  if (type === 'ssh-rsa') return ['rsa-sha2-512', 'rsa-sha2-256'];
  const known: HostKeyAlgorithms = [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ];
  const same = known.filter((each) => each === type);
  return same.length === 0 ? known : same;
}

/** A public key blob starts with its type as a string (RFC 4253, 6.6). */
function hostKeyText(blob: Buffer): string {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  return `${blob.toString('latin1', 4, 4 + Math.min(length, 64))} ${blob.toString('base64')}`;
}
