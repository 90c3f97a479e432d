import { isJwt } from '../checksums.ts';
import { keyBlockEnd, keyLabel } from '../key-block.ts';
import { quotedKeyBlockEnd } from '../quoted-key-block.ts';
import { isPlaceholder, wordOrDash, type TokenRule } from '../token-rule.ts';

/** Schemes of database and broker addresses in which a password is a credential. */
const databases = [
  'postgres://',
  'postgresql://',
  'mysql://',
  'mariadb://',
  'mongodb://',
  'mongodb+srv://',
  'redis://',
  'rediss://',
  'amqp://',
  'amqps://',
  'mssql://',
  'sqlserver://',
  'clickhouse://',
  'couchdb://',
];

const commonPasswords =
  /^(?:password|passwd|pass|pwd|secret|postgres|mysql|root|admin|user|username|guest|test|redis|mongo|changeme|\$.*|%s|\{.*|\[.*|\*+|x+)$/i;

/** What decides that an address's password is a real one. */
function isRealPassword(value: string): boolean {
  const password = /:\/\/[^:@/]*:([^@]+)@/.exec(value)?.[1] ?? '';
  const host = value.slice(value.lastIndexOf('@') + 1);
  if (/^(?:localhost|127\.|\[?::1|(?:host|hostname|db|server)(?:[:?,]|$)|example\.)/i.test(host))
    return false;
  return (
    password.length >= 6 && !commonPasswords.test(password) && !isPlaceholder(`k_${password}${password}`)
  );
}

export const keyRules: readonly TokenRule[] = [
  {
    id: 'private-key',
    severity: 'critical',
    anchors: ['-----BEGIN ', '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY'],
    pattern: keyLabel,
    notAfter: null,
    // a label alone, as in documentation, is not a key: some key material must follow it
    endOf: (text, from) => {
      const end = keyBlockEnd(text, from);
      return end < 0 ? quotedKeyBlockEnd(text, from) : end;
    },
  },
  {
    id: 'putty-private-key',
    severity: 'critical',
    anchors: ['PuTTY-User-Key-File-'],
    // up to the next one, so that each character is looked at once
    pattern: /PuTTY-User-Key-File-[23]: [a-z0-9-]{3,40}(?:(?!PuTTY-)[\w\s+/=\\:.,@%-]){0,16000}/y,
    notAfter: null,
  },
  {
    id: 'jwt',
    severity: 'high',
    anchors: ['eyJ', 'eyA', 'ewo', 'ew0'],
    pattern:
      /[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{2,8000}\.[A-Za-z0-9_-]{10,2000}(?:\.[A-Za-z0-9_-]{1,8000}\.[A-Za-z0-9_-]{8,200})?(?![A-Za-z0-9_-])/y,
    notAfter: /[A-Za-z0-9_.+/-]/,
    body: { chars: wordOrDash, min: 7 },
    isValid: isJwt,
  },
  {
    id: 'database-url',
    severity: 'high',
    anchors: databases,
    pattern: /[a-z+]{5,12}:\/\/[^\s:@/"'<>`\\]{0,64}:[^\s@/"'<>`\\]{1,128}@[^\s"'<>`\\/]{1,128}/y,
    notAfter: /[A-Za-z0-9+]/,
    body: { chars: /[^\s:@/"'<>`\\]/, min: 0, next: { char: ':', max: 64 } },
    isValid: isRealPassword,
  },
  {
    id: 'basic-auth-url',
    severity: 'medium',
    anchors: ['https://', 'http://', 'ftp://'],
    pattern: /[a-z]{3,5}:\/\/[^\s:@/"'<>`\\?#]{0,64}:[^\s@/"'<>`\\?#]{1,128}@[^\s"'<>`\\/]{1,128}/y,
    notAfter: /[A-Za-z0-9+]/,
    body: { chars: /[^\s:@/"'<>`\\?#]/, min: 0, next: { char: ':', max: 64 } },
    isValid: (value) => isRealPassword(value) && /[0-9]/.test(value) && !/@[^@]*example\./i.test(value),
  },
];
