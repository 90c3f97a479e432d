import type { RouteAuth } from '../contracts.ts';
import { composeCredential } from '../headers/inject-credential.ts';

// Below this the characters that base64 fixes are so few that overwriting them would hit ordinary text.
const shortestEncoded = 8;

/**
 * The forms under which an upstream could send an injected credential back: the secret, the composed header value, and
 * the base64 of each at any alignment and in both alphabets (only the characters that depend on nothing else), hex
 * in either case, JSON, percent and HTML escapes where they differ.
 *
 * @throws EgressError `invalid_secret`
 */
export function credentialForms(auth: RouteAuth, secret: string): Buffer[] {
  const [, value] = composeCredential(auth, secret);
  const [, pair = ''] = auth.scheme === 'basic' ? value.split(' ') : [];
  const forms = new Set<string>();
  for (const text of [secret, value, pair]) {
    if (text === '') continue;
    for (const form of escapedForms(text)) forms.add(form);
  }
  for (const text of [secret, value]) for (const core of base64Cores(text)) forms.add(core);
  if (secret.length >= shortestEncoded) {
    const hex = Buffer.from(secret).toString('hex');
    forms.add(hex).add(hex.toUpperCase());
  }
  // Above ASCII an upstream could answer in either encoding.
  const encoded = [...forms].flatMap((form) =>
    /^[\x20-\x7e]*$/.test(form) ? [Buffer.from(form)] : [Buffer.from(form, 'latin1'), Buffer.from(form)],
  );
  // What holds a shorter form goes with it: each form is one more search of every byte of an answer.
  const minimal = encoded.filter(
    (form) => !encoded.some((part) => part.length < form.length && form.includes(part)),
  );
  return minimal.toSorted((a, b) => b.length - a.length);
}

const html: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The text itself and as JSON, a URL and an HTML page would hold it. */
function escapedForms(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const url = encodeURIComponent(text);
  return [
    text,
    json,
    json.replaceAll('/', '\\/'),
    url,
    url.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    text.replace(/[&<>"']/g, (character) => html[character] ?? character),
  ];
}

/** The base64 characters that `text` alone decides when it stands at offset 0, 1 or 2 of something encoded. */
function base64Cores(text: string): string[] {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < shortestEncoded) return [bytes.toString('base64'), bytes.toString('base64url')];
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + bytes.length) * 8) / 6);
    const core = encoded.slice(first, last);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
