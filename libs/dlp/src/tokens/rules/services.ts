import { holdsJson } from '../checksums.ts';
import { alnum, isPlaceholder, prefixed, word, wordOrDash, type TokenRule } from '../token-rule.ts';
import { endsInBorder } from '../word-borders.ts';

const mixed = (value: string): boolean =>
  !isPlaceholder(value) && /[0-9]/.test(value) && /[A-Za-z]/.test(value);

/** Chat, payment, mail, monitoring and other services. */
export const serviceRules: readonly TokenRule[] = [
  prefixed('slack-bot-token', 'xoxb-', '[0-9]{10,13}-[0-9]{10,13}-[A-Za-z0-9]{20,40}(?![A-Za-z0-9])', {
    severity: 'critical',
    notAfter: alnum,
  }),
  prefixed(
    'slack-user-token',
    ['xoxp-', 'xoxe-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxc-'],
    '(?:[0-9]{1,13}-){1,4}[A-Za-z0-9]{24,64}(?![A-Za-z0-9])',
    {
      severity: 'critical',
      notAfter: alnum,
    },
  ),
  prefixed('slack-app-token', 'xapp-', '[0-9]-[A-Z0-9]{9,13}-[0-9]{10,14}-[0-9a-f]{60,68}(?![0-9A-Za-z])', {
    severity: 'critical',
    notAfter: alnum,
  }),
  {
    id: 'slack-webhook',
    severity: 'high',
    anchors: ['hooks.slack.com/'],
    pattern:
      /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Z0-9]{8,12}\/[A-Z0-9]{8,20}\/[A-Za-z0-9]{20,40}/y,
    notAfter: null,
    isValid: mixed,
  },
  {
    id: 'discord-webhook',
    severity: 'medium',
    anchors: ['discord.com/api/', 'discordapp.com/api/'],
    // tokens of 68 characters are usual, the vendor's example has 100, those of interactions some 200
    pattern: /discord(?:app)?\.com\/api\/(?:v[0-9]{1,2}\/)?webhooks\/[0-9]{17,20}\/[A-Za-z0-9_-]{60,512}/y,
    notAfter: null,
  },
  {
    id: 'telegram-bot-token',
    severity: 'high',
    anchors: [':AA'],
    // the bot's number stands before the anchor
    pattern: /:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/y,
    notAfter: /[^0-9]/,
    body: { chars: wordOrDash, min: 33 },
    isValid: (value, match) => mixed(value) && followsNumber(match),
  },
  prefixed(
    'stripe-secret-key',
    ['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_'],
    '[A-Za-z0-9]{24,247}(?![A-Za-z0-9])',
    {
      severity: 'critical',
      isValid: mixed,
    },
  ),
  prefixed('stripe-webhook-secret', 'whsec_', '[A-Za-z0-9+/]{32,64}={0,2}(?![A-Za-z0-9+/])', {
    isValid: mixed,
  }),
  prefixed(
    'square-token',
    ['EAAA', 'EQAA', 'sq0atp-', 'sq0csp-', 'sandbox-sq0csb-'],
    '[A-Za-z0-9_-]{22,60}(?![A-Za-z0-9_+/=-])',
    {
      notAfter: /[A-Za-z0-9_+/-]/,
      isValid: (value) => /^(?:sandbox-)?sq0/.test(value) || (value.length === 64 && mixed(value)),
    },
  ),
  prefixed(
    'braintree-token',
    ['production', 'sandbox', 'development', 'integration', 'qa'].map((name) => `access_token$${name}$`),
    '[0-9a-z]{16}\\$[0-9a-f]{32}(?![0-9A-Za-z])',
  ),
  prefixed('shopify-token', ['shpat_', 'shpca_', 'shppa_', 'shpss_'], '[0-9a-fA-F]{32}(?![0-9A-Za-z])'),
  prefixed(
    'plaid-token',
    ['access-production-', 'access-sandbox-', 'access-development-'],
    '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
    {
      notAfter: wordOrDash,
    },
  ),
  prefixed('sendgrid-key', 'SG.', '[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])', {
    notAfter: wordOrDash,
  }),
  prefixed('mailgun-key', 'key-', '[0-9a-f]{32}(?![0-9A-Za-z-])', {
    notAfter: wordOrDash,
    severity: 'medium',
  }),
  prefixed('brevo-key', ['xkeysib-', 'xsmtpsib-'], '[0-9a-f]{64}-[A-Za-z0-9]{16}(?![A-Za-z0-9])', {
    notAfter: wordOrDash,
  }),
  prefixed('resend-key', 're_', '[A-Za-z0-9]{8}_[A-Za-z0-9]{24}(?![A-Za-z0-9_])', {
    notAfter: wordOrDash,
    isValid: mixed,
  }),
  {
    id: 'twilio-key',
    severity: 'high',
    anchors: Array.from('0123456789abcdefABCDEF', (digit) => `SK${digit}`),
    pattern: /SK[0-9a-fA-F]{32}(?![0-9A-Za-z])/y,
    notAfter: word,
    body: { chars: /[0-9a-fA-F]/, min: 31 },
    isValid: mixed,
  },
  prefixed('datadog-app-key', 'ddapp_', '[A-Za-z0-9]{34}(?![A-Za-z0-9])'),
  // the vendor gives no lengths: a UUID in base 62, and 32 bytes with their check
  prefixed(
    'datadog-access-token',
    ['ddpat_', 'ddsat_'],
    '[A-Za-z0-9]{16,24}_[A-Za-z0-9]{38,60}(?![A-Za-z0-9])',
    { isValid: mixed },
  ),
  prefixed('newrelic-key', ['NRAK-', 'NRII-', 'NRJS-'], '[A-Za-z0-9_-]{19,32}(?![A-Za-z0-9_-])', {
    notAfter: wordOrDash,
    isValid: mixed,
  }),
  prefixed('grafana-token', 'glsa_', '[A-Za-z0-9]{32}_[0-9a-f]{8}(?![0-9A-Za-z])'),
  prefixed('grafana-cloud-token', 'glc_eyJ', '[A-Za-z0-9+/]{60,400}={0,2}', {
    isValid: (value) => holdsJson(value, 4),
  }),
  prefixed('sentry-token', 'sntryu_', '[0-9a-f]{64}(?![0-9A-Za-z])'),
  prefixed('sentry-org-token', 'sntrys_eyJ', '[A-Za-z0-9+/=]{60,400}_[A-Za-z0-9+/]{40,50}', {
    isValid: (value) => holdsJson(value, 7),
  }),
  prefixed('dynatrace-token', 'dt0c01.', '[A-Z2-7]{24}\\.[A-Z2-7]{64}(?![A-Z0-9])'),
  prefixed('linear-key', ['lin_api_', 'lin_oauth_', 'lin_wh_'], '[A-Za-z0-9]{40,64}(?![A-Za-z0-9])'),
  prefixed('notion-token', 'ntn_', '[0-9]{10,12}[A-Za-z0-9]{32,36}(?![A-Za-z0-9])'),
  // of any length, says the vendor; an API token, or the access token of a workspace, a project or a repository
  prefixed(
    'atlassian-token',
    ['ATATT3', 'ATCTT3'],
    '[A-Za-z0-9_-]{60,400}(?:={1,2}[0-9A-Za-z]{0,8})?(?![A-Za-z0-9_-])',
    {
      notAfter: wordOrDash,
      isValid: mixed,
    },
  ),
  prefixed('airtable-pat', 'pat', '[A-Za-z0-9]{14}\\.[0-9a-f]{64}(?![0-9A-Za-z])'),
  // of a person, of an application, of a user of it; of each what renews it
  prefixed(
    'figma-pat',
    ['d', 'o', 'u', 'dr', 'or', 'ur', 'dh', 'oh', 'uh'].map((kind) => `fig${kind}_`),
    '[A-Za-z0-9_-]{38,44}(?![A-Za-z0-9_-])',
    { notAfter: wordOrDash, isValid: mixed },
  ),
  prefixed('postman-key', 'PMAK-', '[0-9a-f]{24}-[0-9a-f]{34}(?![0-9A-Za-z])', { notAfter: wordOrDash }),
  prefixed(
    'doppler-token',
    ['pt', 'st', 'sa', 'ct', 'said', 'scim', 'audit'].map((kind) => `dp.${kind}.`),
    // of a service it may name the environment
    '(?:(?<=dp\\.st\\.)[a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40,44}(?![A-Za-z0-9])',
    {
      notAfter: wordOrDash,
      isValid: mixed,
    },
  ),
  // the id of a document, or a UUID; the key of the project behind the secret is the client's and may be missing
  prefixed(
    'infisical-token',
    'st.',
    '(?:[0-9a-f]{24}\\.[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\\.[0-9a-f]{32})?)\\.[0-9a-f]{32}(?![0-9A-Za-z])',
    {
      notAfter: wordOrDash,
      body: { chars: /[0-9a-f-]/, min: 24, next: { char: '.', max: 36 } },
    },
  ),
  prefixed('onepassword-service-token', 'ops_eyJ', '[A-Za-z0-9_-]{200,1200}={0,2}', {
    severity: 'critical',
    isValid: (value) => holdsJson(value, 4),
    notAfter: wordOrDash,
  }),
  prefixed(
    'tailscale-key',
    ['tskey-auth-', 'tskey-api-', 'tskey-client-', 'tskey-scim-'],
    '[A-Za-z0-9]{8,20}-[A-Za-z0-9]{16,40}(?![A-Za-z0-9])',
    {
      notAfter: wordOrDash,
    },
  ),
  prefixed('readme-key', 'rdme_', '[0-9a-z]{70}(?![0-9A-Za-z])'),
  prefixed('sourcegraph-token', 'sgp_', '(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}(?![0-9A-Za-z])'),
];

/** Whether the number of a bot stands before a match, with no more digits or letters before it. */
function followsNumber({ input, index }: RegExpExecArray): boolean {
  const number = /[0-9]{8,10}$/.exec(input.slice(Math.max(0, index - 10), index));
  if (number === null) return false;
  const before = input.slice(Math.max(0, index - number[0].length - 32), index - number[0].length);
  return !/[0-9A-Za-z]$/.test(before) || endsInBorder(before);
}
