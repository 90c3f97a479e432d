import { isPlaceholder, mixedCase, prefixed, type TokenRule } from '../token-rule.ts';
import { endsInBorder } from '../word-borders.ts';

const base64 = 'A-Za-z0-9+/';
const base64url = 'A-Za-z0-9_-';
const alnum = 'A-Za-z0-9';

/** Microsoft Azure. Keys made since 2022 hold a signature that stands at one place of each kind of key. */
export const azureRules: readonly TokenRule[] = [
  prefixed('azure-ad-secret', ['7Q~', '8Q~'], '[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])', {
    notAfter: null,
    isValid: mixedCase,
  }),
  {
    id: 'azure-storage-key',
    severity: 'critical',
    anchors: ['AccountKey='],
    pattern: /AccountKey=([A-Za-z0-9+/]{86}==)/y,
    notAfter: null,
    isValid: mixedCase,
  },
  {
    id: 'azure-sas-signature',
    severity: 'high',
    anchors: ['SharedAccessKey='],
    pattern: /SharedAccessKey=([A-Za-z0-9+/]{43}=)/y,
    notAfter: null,
    isValid: mixedCase,
  },
  // Storage, Batch, Machine Learning, Cosmos DB, API Management
  signed('azure-account-key', 76, base64, ['+ASt', '+ABa', '+AMC', 'ACDb', 'APIM'], `[${base64}]{5}[AQgw]==`),
  // Relay, Event Hubs, Service Bus, IoT, Redis, Event Grid
  signed(
    'azure-shared-access-key',
    33,
    base64,
    ['+ARm', '+AEh', '+ASb', 'AIoT', 'AzCa', 'AZEG'],
    `[A-P][${base64}]{5}=`,
  ),
  signed('azure-search-key', 42, alnum, ['AzSe'], `[A-D][${alnum}]{5}`),
  signed('azure-registry-key', 42, base64, ['+ACR'], `[A-D][${base64}]{5}`),
  signed('azure-function-key', 44, base64url, ['AzFu'], `[${base64url}]{5}[AQgw]==`),
  // the form that all of them are to have
  signed(
    'azure-annotated-key',
    52,
    alnum,
    ['JQQJ99', 'JQQJ9D', 'JQQJ9H'],
    `[${alnum}][A-L][${alnum}]{16}[A-Za-z][${alnum}]{7}(?:[${alnum}]{2}==)?`,
  ),
];

/** A key of `before` characters, a signature, and the rest, with no more characters of its alphabet beside it. */
function signed(
  id: string,
  before: number,
  alphabet: string,
  signatures: readonly string[],
  rest: string,
): TokenRule {
  const isOther = new RegExp(`[^${alphabet}]`);
  const start = new RegExp(`[${alphabet}]{${before}}`, 'y');
  const anchors = signatures.map((text) => text.replace('+', '\\+')).join('|');
  return {
    id,
    severity: 'critical',
    anchors: signatures,
    pattern: new RegExp(`(?:${anchors})${rest}(?![=${alphabet}])`, 'y'),
    notAfter: null,
    startOf: (text, at) => {
      const from = at - before;
      start.lastIndex = from;
      if (from < 0 || !start.test(text)) return -1;
      return from === 0 ||
        isOther.test(text[from - 1] ?? '') ||
        endsInBorder(text.slice(Math.max(0, from - 32), from))
        ? from
        : -1;
    },
    isValid: (value) => !isPlaceholder(value),
  };
}
