import { isAscii } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Hit } from '../detectors/hit.ts';
import { LiteralSet } from '../literals/literal-set.ts';
import { injectionRules, type InjectionRule } from './injection-rules.ts';

/** Bytes around an anchor that a phrase is looked for in. */
export const AROUND = 320;
/** Anchors nearer to each other than this are looked at together, so that the work stays linear. */
const APART = 160;
const MAX_HITS = 65_536;
/** Hidden ASCII: the shortest run of Unicode tags that no flag emoji has. */
const MIN_TAGS = 12;
const tags = Buffer.from([0xf3, 0xa0]);

const anchors = LiteralSet.of<InjectionRule>(
  injectionRules.flatMap((rule) =>
    rule.anchors.map((anchor) => ({
      owner: rule,
      encoding: 'raw',
      bytes: Buffer.from(anchor),
      caseInsensitive: true,
    })),
  ),
);

/** Phrases that give orders to an agent, each rule once, with their place in `bytes` as near as it is known. */
export function searchInjections(bytes: Uint8Array): Hit[] {
  const hits = new Map<string, Hit>();
  if (!isAscii(bytes)) {
    const hidden = hiddenText(bytes);
    if (hidden !== null) hits.set('invisible-text', hidden);
    const plain = visible(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
    for (const hit of searchText(Buffer.from(plain, 'utf8')))
      hits.set(hit.rule, { ...hit, start: 0, end: bytes.length });
  }
  for (const hit of searchText(bytes)) hits.set(hit.rule, hit);
  return [...hits.values()];
}

function searchText(bytes: Uint8Array): Hit[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const lookedAt = new Map<InjectionRule, number>();
  const hits: Hit[] = [];
  for (const { literal, start, end } of anchors.search(bytes, true, MAX_HITS)) {
    const rule = literal.owner;
    const before = lookedAt.get(rule);
    if (before !== undefined && (before < 0 || start < before)) continue;
    lookedAt.set(rule, start + APART);
    const from = Math.max(0, start - AROUND);
    const match = rule.pattern.exec(plainWords(text.subarray(from, end + AROUND).toString('utf8')));
    if (match === null) continue;
    lookedAt.set(rule, -1);
    hits.push(hitOf(rule, match[0], start, end));
  }
  return hits;
}

/** What people see: without marks of formatting, and letters of one kind. */
function visible(text: string): string {
  return text.normalize('NFKC').replaceAll(/\p{Cf}/gu, '');
}

function plainWords(text: string): string {
  return visible(text)
    .toLowerCase()
    .replaceAll(/\\[nrt]|[\s*`#~"]+/g, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll('’', "'");
}

function hiddenText(bytes: Uint8Array): Hit | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = text.indexOf(tags); at >= 0;) {
    let end = at;
    while (text[end] === 0xf3 && text[end + 1] === 0xa0 && end + 4 <= text.length) end += 4;
    if (end - at >= MIN_TAGS * 4)
      return hitOf({ id: 'invisible-text', severity: 'medium' }, text.toString('hex', at, end), at, end);
    at = text.indexOf(tags, Math.max(end, at + 2));
  }
  return null;
}

function hitOf(
  rule: Pick<InjectionRule, 'id' | 'severity'>,
  phrase: string,
  start: number,
  end: number,
): Hit {
  return {
    detector: 'prompt_injection',
    rule: `prompt_injection/${rule.id}`,
    severity: rule.severity,
    sha256: createHash('sha256').update(phrase).digest('hex'),
    start,
    end,
  };
}
