import { createInboundScanner, createScanner, FragmentWindow } from '@bot-bottle/dlp';
import type { InboundScanner, Scanner } from '@bot-bottle/dlp';
import { credentialForms, parseTable, tableDigest } from '@bot-bottle/egress';
import type { EgressConfig, Route, RouteAuth, RouteTable } from '@bot-bottle/egress';
import type { FoundValue } from '../hold/approved-values.ts';
import { SecretStore } from './secret-store.ts';

/** A route credential with what it looks like when an upstream sends it back. */
export interface Credential {
  readonly auth: RouteAuth;
  readonly secret: string;
  readonly forms: readonly Buffer[];
}

/** The table in force, the secrets, and everything compiled from both. */
export class PolicyState {
  readonly secrets: SecretStore;
  readonly #allow: EgressConfig['dlp_allow'];
  #table: RouteTable;
  #digest: string;
  #scanners = new Map<string, Scanner>();
  #byRoute = new WeakMap<Route, Scanner | null>();
  #byApproval = new WeakMap<readonly FoundValue[], Map<Scanner, Scanner>>();
  #credentials = new WeakMap<RouteAuth, Credential>();
  #leaks: Scanner | null = null;
  #inbound: InboundScanner | null = null;
  /** what left in parts, whichever row let it pass */
  readonly #fragments = new FragmentWindow();

  constructor(config: EgressConfig, secrets: Readonly<Record<string, string>>) {
    this.secrets = new SecretStore(secrets, config.env_secrets);
    this.#allow = config.dlp_allow;
    this.#table = parseTable(config.table);
    this.#digest = tableDigest(this.#table);
  }

  get table(): RouteTable {
    return this.#table;
  }

  /** digest of the table in force */
  get digest(): string {
    return this.#digest;
  }

  /** Takes a new table into force; throws `EgressError` and keeps the old one when it is invalid. */
  setTable(value: unknown): string {
    const table = parseTable(value);
    this.#table = table;
    this.#digest = tableDigest(table);
    return this.#digest;
  }

  setSecrets(secrets: Readonly<Record<string, string>>): void {
    this.secrets.replace(secrets);
    this.#scanners = new Map();
    this.#byRoute = new WeakMap();
    this.#byApproval = new WeakMap();
    this.#credentials = new WeakMap();
    this.#leaks = null;
  }

  /** What scans requests of a row; null when the row scans nothing. */
  scanner(route: Route): Scanner | null {
    const known = this.#byRoute.get(route);
    if (known !== undefined) return known;
    const scanner = route.dlp.outbound.length === 0 ? null : this.#compiled(route);
    this.#byRoute.set(route, scanner);
    return scanner;
  }

  /** What looks at answers of a row; null when the row looks at none. */
  inbound(route: Route): InboundScanner | null {
    if (route.dlp.inbound.length === 0) return null;
    // there is one detector, so rows cannot differ
    this.#inbound ??= createInboundScanner({ detectors: route.dlp.inbound, allow: this.#allow });
    return this.#inbound;
  }

  /** Like `scanner`, but passes over what a human approved. */
  scannerWith(route: Route, approved: readonly FoundValue[]): Scanner | null {
    const scanner = this.scanner(route);
    if (scanner === null) return null;
    const known = this.#byApproval.get(approved) ?? new Map<Scanner, Scanner>();
    this.#byApproval.set(approved, known);
    const allowing = known.get(scanner) ?? scanner.allowing(approved);
    known.set(scanner, allowing);
    return allowing;
  }

  /** What finds all that `scanner` does and every known value besides, so that what it shows holds none. */
  showing(route: Route): Scanner | null {
    if (this.scansKnownValues(route)) return this.scanner(route);
    const outbound = new Set([...route.dlp.outbound, 'known_secrets', 'canary'] as const);
    const dlp = { ...route.dlp, outbound: [...outbound] };
    return this.#compiled({ ...route, env_secrets: [], dlp });
  }

  /** Finds any known value in texts that are going to be logged, whatever the row scans. */
  leaks(): Scanner {
    const scanner = this.#leaks ?? this.#compileLeaks();
    this.#leaks = scanner;
    return scanner;
  }

  /** Whether `scanner` searches for everything that `leaks` does. */
  scansKnownValues({ dlp, env_secrets: permitted }: Route): boolean {
    return (
      permitted.length === 0 && dlp.outbound.includes('known_secrets') && dlp.outbound.includes('canary')
    );
  }

  /** null when the slot is empty */
  credential(auth: RouteAuth): Credential | null {
    const known = this.#credentials.get(auth);
    if (known !== undefined) return known;
    const secret = this.secrets.get(auth.slot);
    if (secret === null) return null;
    const credential = { auth, secret, forms: withoutSupersets(credentialForms(auth, secret)) };
    this.#credentials.set(auth, credential);
    return credential;
  }

  #compileLeaks(): Scanner {
    return createScanner({
      detectors: ['known_secrets', 'canary'],
      knownSecrets: this.secrets.knownSecrets([]),
      canaries: this.secrets.canaries(),
      allow: [],
    });
  }

  #compiled(route: Route): Scanner {
    const key = JSON.stringify([route.dlp.outbound, route.env_secrets]);
    const known = this.#scanners.get(key);
    if (known !== undefined) return known;
    const scanner = createScanner({
      detectors: route.dlp.outbound,
      knownSecrets: this.secrets.knownSecrets(route.env_secrets),
      canaries: this.secrets.canaries(),
      allow: this.#allow,
      fragments: this.#fragments,
    });
    this.#scanners.set(key, scanner);
    return scanner;
  }
}

/** A form that contains another one is found with it; each form searched for costs a pass over every answer. */
function withoutSupersets(forms: readonly Buffer[]): Buffer[] {
  return forms.filter((form) => !forms.some((other) => other.length < form.length && form.includes(other)));
}
