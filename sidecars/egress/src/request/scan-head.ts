import { denials } from '@bot-bottle/audit';
import type { Finding, HeadSurfaces, Scanner } from '@bot-bottle/dlp';
import type { HeaderField, Route } from '@bot-bottle/egress';

/** What would leave: the head as it stands after stripping. */
export interface OutgoingHead {
  readonly host: string;
  /** path and query */
  readonly path: string;
  readonly headers: readonly HeaderField[];
}

export type HeadScan =
  | {
      /** supervised: a human is to be asked before it leaves */
      readonly kind: 'clean' | 'warned' | 'redacted' | 'supervised';
      readonly head: OutgoingHead;
      readonly findings: readonly Finding[];
    }
  | { readonly kind: 'blocked'; readonly findings: readonly Finding[] };

/** The parts of a head as a scanner takes them. */
export function surfaces(head: OutgoingHead): HeadSurfaces {
  const mark = head.path.indexOf('?');
  return {
    host: head.host,
    path: mark < 0 ? head.path : head.path.slice(0, mark),
    query: mark < 0 ? null : head.path.slice(mark + 1),
    headers: head.headers,
  };
}

/** Scans a head and does with the findings what the row says; `crlf` always blocks. */
export function scanHead(scanner: Scanner, head: OutgoingHead, onMatch: Route['dlp']['on_match']): HeadScan {
  const findings = scanner.scanHead(surfaces(head));
  if (findings.length === 0) return { kind: 'clean', head, findings };
  if (findings.some((finding) => finding.detector === 'crlf')) return { kind: 'blocked', findings };
  switch (onMatch) {
    case 'warn':
      return { kind: 'warned', head, findings };
    case 'redact': {
      const redacted = overwrite(head, findings);
      if (redacted === null || scanner.scanHead(surfaces(redacted)).length > 0)
        return { kind: 'blocked', findings };
      return { kind: 'redacted', head: redacted, findings };
    }
    case 'supervise':
      return { kind: 'supervised', head, findings };
    case 'block':
      return { kind: 'blocked', findings };
  }
}

/** Overwrites every finding with the same length; null when the place of one is not known or is the host. */
function overwrite(head: OutgoingHead, findings: readonly Finding[]): OutgoingHead | null {
  const mark = head.path.indexOf('?');
  let path = mark < 0 ? head.path : head.path.slice(0, mark);
  let query = mark < 0 ? null : head.path.slice(mark + 1);
  const headers = head.headers.map(([name, value]): [string, string] => [name, value]);
  for (const { surface, offset, length } of findings) {
    if (offset === null || length === null) return null;
    if (surface === 'path') path = starred(path, offset, length);
    else if (surface === 'query' && query !== null) query = starred(query, offset, length);
    else if (surface.startsWith('header:')) {
      const named = headers.filter(
        ([name]) => name.toLowerCase() === surface.slice('header:'.length).toLowerCase(),
      );
      const [only] = named;
      // which of several fields of one name it was is not said
      if (only === undefined || named.length > 1 || offset + length > only[1].length) return null;
      only[1] = starred(only[1], offset, length);
    } else return null;
  }
  return { host: head.host, path: query === null ? path : `${path}?${query}`, headers };
}

function starred(text: string, offset: number, length: number): string {
  return text.slice(0, offset) + '*'.repeat(length) + text.slice(offset + length);
}

/** The sentence of a block, naming rule and place but never the value. */
export function blockMessage(finding: Finding | undefined, note: string | null = null): string {
  const where = finding === undefined ? '' : ` Rule ${finding.rule} matched in ${finding.surface}.`;
  return `${denials.dlp_blocked.message}${where}${note === null ? '' : ` ${note}`}`;
}
