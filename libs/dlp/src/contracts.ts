import type { FragmentWindow } from './fragments/fragment-window.ts';

/** Detectors that look at what leaves a bottle. */
export const outboundDetectors = [
  'known_secrets',
  'token_patterns',
  'canary',
  'crlf',
  'entropy',
  'seed_phrase',
] as const;
/** Detectors that look at what comes back. */
export const inboundDetectors = ['prompt_injection'] as const;

export type OutboundDetector = (typeof outboundDetectors)[number];
export type InboundDetector = (typeof inboundDetectors)[number];
export type DetectorName = OutboundDetector | InboundDetector;

/** Where in a request the bytes were found. */
export type Surface =
  | 'host'
  | 'path'
  | 'query'
  | `header:${string}`
  | 'body'
  | `part:${string}`
  | 'websocket'
  | 'response';

/** One thing found. It never holds the value. */
export interface Finding {
  readonly detector: DetectorName;
  /** stable id, e.g. `known_secrets/EGRESS_TOKEN_0` or `token_patterns/github-pat` */
  readonly rule: string;
  readonly severity: 'low' | 'medium' | 'high' | 'critical';
  readonly surface: Surface;
  /** offset of the first byte in the surface as it was sent (of a part: in the body), null when known only after decoding */
  readonly offset: number | null;
  /** length in bytes of the span in the sent bytes, null with `offset` */
  readonly length: number | null;
  /** up to ±40 characters around the value, which is masked with `*` */
  readonly context: string;
  /** SHA-256, hex, of the decoded value: what `egress.dlp_allow` names */
  readonly sha256: string;
}

/** A value that must not leave. */
export interface KnownSecret {
  /** name shown in findings, never the value */
  readonly name: string;
  readonly value: string;
}

export interface AllowEntry {
  readonly rule?: string | undefined;
  readonly sha256?: string | undefined;
}

export interface ScannerOptions {
  /** detectors to run; [] runs none */
  readonly detectors: readonly OutboundDetector[];
  readonly knownSecrets: readonly KnownSecret[];
  readonly canaries: readonly KnownSecret[];
  readonly allow: readonly AllowEntry[];
  /** what scanners of one bottle share, so that a value sent in parts over several requests is noticed */
  readonly fragments?: FragmentWindow | undefined;
}

/** The parts of a request head that are scanned before any byte leaves (and before any DNS). */
export interface HeadSurfaces {
  readonly host: string;
  /** the path exactly as it would be sent */
  readonly path: string;
  /** without the leading `?`, null when there is none */
  readonly query: string | null;
  /** names and values exactly as they would be sent */
  readonly headers: ReadonlyArray<readonly [string, string]>;
}

export interface BodyKind {
  /** value of Content-Type, null when absent: decides on multipart */
  readonly contentType: string | null;
  /** value of Content-Encoding, null when absent */
  readonly contentEncoding: string | null;
}

/** A compiled scanner; pure, reusable, safe to use for any number of requests. */
export interface Scanner {
  scanHead(head: HeadSurfaces): Finding[];
  /** Scans a whole body. Throws `DlpError` (`undecodable_body`) when it cannot be decoded within limits. */
  scanBody(body: Uint8Array, kind: BodyKind): Promise<Finding[]>;
  /** Scans any other bytes, e.g. a git object or a WebSocket message, as they are. */
  scanBytes(bytes: Uint8Array, surface: Surface): Finding[];
  /** Starts scanning a body of unknown length with bounded memory. */
  stream(kind: BodyKind): BodyStream;
  /**
   * A scanner that passes over `more` besides what this one does. It shares what was compiled of the values, so it costs
   * nothing to speak of. Throws `DlpError` (`invalid_options`) when an entry names nothing.
   */
  allowing(more: readonly AllowEntry[]): Scanner;
}

/** Result of feeding one chunk: bytes that no open match covers may leave; the rest is held back. */
export interface StreamStep {
  /** bytes of the body as sent that are safe to forward now, in order */
  readonly release: Uint8Array[];
  readonly findings: Finding[];
}

export interface BodyStream {
  /** Rejects with `DlpError` (`undecodable_body`) on undecodable input. Nothing may be forwarded after a finding. */
  push(chunk: Uint8Array): Promise<StreamStep>;
  end(): Promise<StreamStep>;
  /** bytes held back at present, for the shared memory budget */
  readonly heldBytes: number;
  /** frees everything; safe to call at any time */
  destroy(): void;
}
