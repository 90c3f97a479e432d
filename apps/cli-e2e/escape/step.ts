/** Bytes that go to the proxy as they are, past every HTTP client's good manners. */
export interface RawStep {
  /** host and port that are dialled; default the egress proxy */
  readonly via?: readonly [host: string, port: number];
  /** authority of a CONNECT that is sent first */
  readonly connect?: string;
  /** TLS inside of the tunnel with this server name, `''`: with none; absent: no TLS */
  readonly sni?: string;
  readonly alpn?: readonly string[];
  /** one byte for each character */
  readonly send: string;
}

/** One thing that is done in the bottle. What it prints is the attacker's view. */
export type Step = { readonly limitMs?: number } & (
  | { /** text of a bash script */ readonly sh: string }
  | { readonly raw: RawStep }
);
