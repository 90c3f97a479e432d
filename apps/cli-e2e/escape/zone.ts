import type { Answer, Zone } from './witnesses/resolver.ts';

/** Names whose addresses no route allows, by the form that an attacker's own DNS would give. */
const forbidden = (decoy: string): Readonly<Record<string, Answer>> => ({
  host: { a: [decoy] },
  loopback: { a: ['127.0.0.1'], aaaa: ['::1'] },
  mapped: { aaaa: [`::ffff:${hexWords(decoy)}`] },
  nat64: { aaaa: [`64:ff9b::${hexWords(decoy)}`] },
  sixtofour: { aaaa: [`2002:${hexWords(decoy)}::1`] },
  metadata: { a: ['169.254.169.254'] },
  metadata6: { aaaa: ['fd00:ec2::254'] },
  private: { a: ['10.1.2.3'] },
  shared: { a: ['100.64.1.1'] },
  unspecified: { a: ['0.0.0.0'], aaaa: ['::0'] },
});

export const forbiddenNames = Object.keys(forbidden('127.0.0.1'));

/**
 * What the resolver that egress asks knows. Names below `rebind` answer with the allowed address at first or beside
 * another one, as an attacker's DNS would.
 */
export function zoneOf(upstream: string, decoy: string): Zone {
  const answers = forbidden(decoy);
  return (name, asked) => {
    const [label = '', parent = ''] = name.split('.');
    if (parent === 'wild') return { a: [upstream] };
    if (parent === 'ssrf') return answers[label] ?? null;
    if (parent !== 'rebind') return null;
    if (label.startsWith('turn')) return { a: [asked === 0 ? upstream : decoy] };
    if (label.startsWith('both')) return { a: [upstream, decoy] };
    return { a: [decoy] };
  };
}

function hexWords(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
