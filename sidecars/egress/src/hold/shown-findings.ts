import type { Finding, Surface } from '@bot-bottle/dlp';

/**
 * Findings of a scanner that passes over approved or permitted values, as they may be shown: such a scanner masks none
 * of those beside them. `all` is what the same bytes hold of everything; [] when they are not there any more.
 */
export function shownFindings(findings: readonly Finding[], all: readonly Finding[]): Finding[] {
  return findings.map((finding) => all.find((other) => isSame(finding, other)) ?? hidden(finding));
}

function isSame(a: Finding, b: Finding): boolean {
  return (
    a.rule === b.rule &&
    a.sha256 === b.sha256 &&
    a.offset === b.offset &&
    kindOf(a.surface) === kindOf(b.surface)
  );
}

function hidden(finding: Finding): Finding {
  return { ...finding, surface: kindOf(finding.surface), context: '********' };
}

/** Names of headers and parts are the sender's choice. */
function kindOf(surface: Surface): Surface {
  if (surface.startsWith('header:')) return 'header:?';
  return surface.startsWith('part:') ? 'part:?' : surface;
}
