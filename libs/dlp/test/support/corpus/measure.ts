import {
  createScanner,
  defaultOutbound,
  FragmentWindow,
  type KnownSecret,
  type Scanner,
} from '@bot-bottle/dlp';
import { samples } from '../token-samples.ts';
import { attacksOf, type Attack } from './attacks.ts';
import { benignRequests } from './benign.ts';
import { encodings, nestedEncodings, type Encoding } from './encodings.ts';
import { scanRequest } from './requests.ts';
import { canariesOf, knownSecretsOf } from './secrets.ts';
import { surfacesOf } from './surfaces.ts';

/** What became of the requests of one corpus. */
export interface Outcome {
  readonly cases: number;
  /** attacks that were contained, or harmless requests that passed */
  readonly right: number;
  /** names of some of the others */
  readonly wrong: readonly string[];
}

const SHOWN = 20;
const named = (encoding: Encoding): boolean => encoding.isNamed;

function scannerWith(secrets: readonly KnownSecret[], canaries: readonly KnownSecret[]): Scanner {
  return createScanner({
    detectors: ['known_secrets', 'canary'],
    knownSecrets: secrets,
    canaries,
    allow: [],
  });
}

async function contained(
  attacks: Iterable<Attack>,
  scanner: Scanner,
  isIt: (attack: Attack, rule: string) => boolean,
): Promise<Outcome> {
  let cases = 0;
  let right = 0;
  const wrong: string[] = [];
  for (const attack of attacks) {
    cases++;
    const found = await scanRequest(scanner, attack);
    if (found === 'undecodable' || found.some(({ rule }) => isIt(attack, rule))) right++;
    else if (wrong.length < SHOWN) wrong.push(attack.name);
  }
  return { cases, right, wrong };
}

/**
 * Known values and canaries, each found under its own name. `single`: every encoding there is; `nested`: two of those that
 * the specification names; `beyond`: two of any, and split up after they were encoded.
 *
 * @param every one case of so many is tried
 */
export function knownContained(
  seed: string,
  layers: 'single' | 'nested' | 'beyond',
  every: number,
): Promise<Outcome> {
  const secrets = knownSecretsOf(seed);
  const canaries = canariesOf(seed);
  const chosen =
    layers === 'single'
      ? encodings
      : nestedEncodings().filter((each) => (layers === 'nested' ? named(each) : !named(each)));
  // which is one more encoding around those
  const surfaces = surfacesOf.filter(({ name }) => layers === 'single' || name !== 'json in json');
  return contained(
    attacksOf([...secrets, ...canaries], chosen, surfaces, every),
    scannerWith(secrets, canaries),
    (attack, rule) => rule.endsWith(`/${attack.secret.name}`),
  );
}

/** Credential formats, raw and in one encoding that the specification names; any rule that stops them counts. */
export function tokensContained(every: number): Promise<Outcome> {
  const secrets = Object.entries(samples).map(([name, sample]) => ({ name, value: sample() }));
  const scanner = createScanner({
    detectors: ['token_patterns'],
    knownSecrets: [],
    canaries: [],
    allow: [],
  });
  // a name has no capitals, so no credential can be told from it
  const surfaces = surfacesOf.filter((surface) => surface.foldsCase !== true);
  return contained(attacksOf(secrets, encodings.filter(named), surfaces, every), scanner, () => true);
}

/** Harmless requests under the default policy of the manifest's routes, and conversations under a provider's. */
export async function benignPassed(
  seed: string,
  count: number,
): Promise<{ manifest: Outcome; provider: Outcome }> {
  const scannerOf = (owner: 'manifest' | 'provider'): Scanner =>
    createScanner({
      detectors: defaultOutbound(owner).outbound,
      knownSecrets: knownSecretsOf(seed),
      canaries: canariesOf(seed),
      allow: [],
      fragments: new FragmentWindow(),
    });
  const scanners = { manifest: scannerOf('manifest'), provider: scannerOf('provider') };
  const tally = {
    manifest: { cases: 0, right: 0, wrong: [] as string[] },
    provider: { cases: 0, right: 0, wrong: [] as string[] },
  };
  for (const request of benignRequests(seed, count)) {
    for (const owner of ['manifest', 'provider'] as const) {
      if (owner === 'provider' && !request.isConversation) continue;
      const found = await scanRequest(scanners[owner], request);
      const result = tally[owner];
      result.cases++;
      if (found === 'undecodable') result.wrong.push(`${request.name}: undecodable`);
      else if (found.length > 0)
        result.wrong.push(`${request.name}: ${found[0]?.rule} in ${found[0]?.surface}`);
      else result.right++;
    }
  }
  return tally;
}
