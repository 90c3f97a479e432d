import { alnum, prefixed, wordOrDash, type TokenRule } from '../token-rule.ts';

/** Vendors of models and of tools around them. */
export const modelRules: readonly TokenRule[] = [
  prefixed(
    'anthropic-key',
    ['sk-ant-api03-', 'sk-ant-admin01-', 'sk-ant-sid01-', 'sk-ant-oat01-', 'sk-ant-ort01-'],
    '[A-Za-z0-9_-]{60,160}(?![A-Za-z0-9_-])',
    { severity: 'critical', notAfter: wordOrDash },
  ),
  // the eight characters in the middle are base64 of "OpenAI"
  prefixed(
    'openai-key',
    ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-None-'],
    '[A-Za-z0-9_-]{20,150}T3BlbkFJ[A-Za-z0-9_-]{20,150}(?![A-Za-z0-9_-])',
    { severity: 'critical', notAfter: wordOrDash },
  ),
  prefixed('openai-legacy-key', 'sk-', '[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}(?![A-Za-z0-9])', {
    severity: 'critical',
    notAfter: wordOrDash,
  }),
  prefixed('openrouter-key', 'sk-or-v1-', '[0-9a-f]{64}(?![0-9A-Za-z])', { notAfter: wordOrDash }),
  prefixed(
    'deepseek-key',
    'sk-',
    '(?=[0-9a-f]{0,31}[0-9])(?=[0-9a-f]{0,31}[a-f])[0-9a-f]{32}(?![0-9A-Za-z_-])',
    {
      notAfter: wordOrDash,
      body: { chars: /[0-9a-f]/, min: 32 },
    },
  ),
  prefixed('hugging-face-token', ['hf_', 'api_org_'], '[A-Za-z]{34}(?![A-Za-z0-9])', {
    isValid: (value) => /[A-Z]/.test(value) && /[a-z]/.test(value.slice(3)) && new Set(value).size > 14,
  }),
  prefixed('groq-key', 'gsk_', '[A-Za-z0-9]{52}(?![A-Za-z0-9])'),
  prefixed('xai-key', 'xai-', '[A-Za-z0-9]{80}(?![A-Za-z0-9])', { notAfter: wordOrDash }),
  prefixed('perplexity-key', 'pplx-', '[A-Za-z0-9]{48}(?![A-Za-z0-9])', { notAfter: wordOrDash }),
  prefixed('replicate-token', 'r8_', '[A-Za-z0-9]{37}(?![A-Za-z0-9])', { notAfter: wordOrDash }),
  prefixed('langsmith-key', ['lsv2_pt_', 'lsv2_sk_'], '[0-9a-f]{32}_[0-9a-f]{10}(?![0-9A-Za-z])'),
  prefixed('nvidia-key', 'nvapi-', '[A-Za-z0-9_-]{64}(?![A-Za-z0-9_-])', { notAfter: wordOrDash }),
  prefixed('fireworks-key', ['fw_', 'fpk_'], '[A-Za-z0-9]{22,24}(?![A-Za-z0-9_])', {
    severity: 'medium',
    isValid: (value) => /[0-9]/.test(value) && /[A-Z]/.test(value) && /[a-z]/.test(value.slice(3)),
    notAfter: wordOrDash,
  }),
  // with or without what it is for, and six characters of its owner
  prefixed('tavily-key', 'tvly-', '(?:dev-|prod-)?(?:[A-Za-z0-9]{6}-)?[A-Za-z0-9]{32,48}(?![A-Za-z0-9])', {
    notAfter: alnum,
  }),
];
