import { isBech32 } from '../bech32.ts';
import { isPlaceholder, mixedCase, prefixed, word, wordOrDash, type TokenRule } from '../token-rule.ts';

/** Clouds and hosting. */
export const cloudRules: readonly TokenRule[] = [
  // base32 after the prefix, so no 0, 1, 8 or 9
  prefixed('aws-access-key-id', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], '[A-Z2-7]{16}(?![A-Za-z0-9_])', {
    severity: 'critical',
    isValid: (value) => !isPlaceholder(value) && !value.endsWith('EXAMPLE') && /[2-7]/.test(value.slice(4)),
  }),
  {
    id: 'aws-secret-access-key',
    severity: 'critical',
    anchors: ['aws_secret', 'secretaccesskey', 'secret_access_key'],
    anyCase: true,
    pattern:
      /(?:aws_secret(?:_access)?_key|secret_?access_?key)(?:\\{0,15}["'])?[ \t]{0,8}(?:[:=]|=>)[ \t]{0,8}(?:\\{0,15}["'])?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/iy,
    notAfter: null,
    isValid: mixedCase,
  },
  prefixed(
    'aws-bedrock-key',
    ['ABSKQmVkcm9ja0FQSUtleS', 'bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t'],
    '[A-Za-z0-9+/=]{60,2000}',
    {
      severity: 'critical',
    },
  ),
  prefixed('google-api-key', 'AIza', '[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])', {
    notAfter: wordOrDash,
    isValid: mixedCase,
  }),
  // what replaces those
  prefixed('google-auth-key', 'AQ.A', '[A-Za-z0-9_-]{49}(?![A-Za-z0-9_-])', {
    notAfter: wordOrDash,
    isValid: mixedCase,
  }),
  prefixed('google-oauth-token', 'ya29.', '[A-Za-z0-9_-]{50,2048}', { notAfter: wordOrDash }),
  prefixed('google-oauth-secret', 'GOCSPX-', '[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])', { notAfter: wordOrDash }),
  prefixed('digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], '[0-9a-f]{64}(?![0-9A-Za-z])', {
    severity: 'critical',
  }),
  prefixed('alibaba-access-key', 'LTAI', '[A-Za-z0-9]{12,20}(?![A-Za-z0-9])', {
    notAfter: word,
    isValid: (value) => mixedCase(value) && !/key|access/i.test(value),
  }),
  prefixed('tencent-secret-id', 'AKID', '[A-Za-z0-9]{32}(?![A-Za-z0-9])', { isValid: mixedCase }),
  prefixed('yandex-key', 'AQVN', '[A-Za-z0-9_-]{35,38}(?![A-Za-z0-9_-])', {
    notAfter: wordOrDash,
    isValid: mixedCase,
  }),
  prefixed(
    'heroku-key',
    'HRKU-',
    '(?:AA[A-Za-z0-9_-]{58}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![A-Za-z0-9_-])',
    { notAfter: wordOrDash, body: { chars: wordOrDash, min: 36 } },
  ),
  prefixed('fly-token', ['fm1r_', 'fm1a_', 'fm2_'], '[A-Za-z0-9+/=_-]{100,1000}', { notAfter: wordOrDash }),
  prefixed('vault-token', ['hvs.', 'hvb.', 'hvr.'], '[A-Za-z0-9_-]{24,500}(?![A-Za-z0-9_-])', {
    severity: 'critical',
    notAfter: wordOrDash,
    isValid: mixedCase,
  }),
  {
    id: 'terraform-cloud-token',
    severity: 'critical',
    anchors: ['.atlasv1.'],
    pattern: /\.atlasv1\.[A-Za-z0-9_=-]{60,70}(?![A-Za-z0-9_=-])/y,
    notAfter: null,
  },
  prefixed('pulumi-token', 'pul-', '[0-9a-f]{40}(?![0-9A-Za-z])', { notAfter: wordOrDash }),
  prefixed('databricks-token', 'dapi', '[0-9a-f]{32,34}(?:-\\d)?(?![0-9A-Za-z])'),
  prefixed(
    'planetscale-token',
    ['pscale_tkn_', 'pscale_pw_', 'pscale_oauth_', 'pscale_app_secret_'],
    '[A-Za-z0-9_.=-]{32,64}',
    { notAfter: wordOrDash },
  ),
  prefixed('supabase-token', ['sbp_', 'sbp_oauth_'], '[0-9a-f]{40}(?![0-9A-Za-z])'),
  prefixed('supabase-secret-key', 'sb_secret_', '[A-Za-z0-9_-]{31}(?![A-Za-z0-9_-])', {
    notAfter: wordOrDash,
  }),
  prefixed('age-secret-key', 'AGE-SECRET-KEY-1', '[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}(?![0-9A-Za-z])', {
    severity: 'critical',
    isValid: isBech32,
  }),
];
