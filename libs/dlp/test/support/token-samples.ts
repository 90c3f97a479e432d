import { crc32 } from 'node:zlib';
import { createHash } from 'node:crypto';

/** Deterministic characters of an alphabet; never the same one many times in a row. */
export function chars(alphabet: string, length: number, seed = 'seed'): string {
  let text = '';
  for (let block = 0; text.length < length; block++) {
    for (const byte of createHash('sha512').update(`${seed}${block}`).digest()) {
      text += alphabet[byte % alphabet.length] ?? '';
    }
  }
  return text.slice(0, length);
}

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const hexDigits = '0123456789abcdef';
const an = digits + lower + upper;
const url = `${an}_-`;
const base32 = `${upper}234567`;

function withCrc(prefix: string, length: number): string {
  const body = chars(an, length, prefix);
  let value = crc32(body);
  let check = '';
  for (let i = 0; i < 6; i++) {
    check = ((digits + upper + lower)[value % 62] ?? '') + check;
    value = Math.floor(value / 62);
  }
  return prefix + body + check;
}

/** A Bech32 text made by trying: the six characters of its check are those that make the sum 1 (BIP-173). */
function bech32(readable: string, length: number): string {
  const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
  const data = Array.from(chars(alphabet, length), (char) => alphabet.indexOf(char));
  const codes = Array.from(readable, (char) => char.charCodeAt(0));
  const head = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
  const step = (sum: number, value: number): number =>
    [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].reduce(
      (next, generator, bit) => ((sum >>> 25) & (1 << bit) ? next ^ generator : next),
      ((sum & 0x1ffffff) << 5) ^ value,
    );
  const sum = [...head, ...data, 0, 0, 0, 0, 0, 0].reduce(step, 1) ^ 1;
  const check = Array.from({ length: 6 }, (_, i) => (sum >>> (5 * (5 - i))) & 31);
  return `${readable}1${[...data, ...check].map((value) => alphabet[value] ?? '').join('')}`;
}

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** One credential per rule, put together at run time so that none stands in the repository. */
export const samples: Readonly<Record<string, () => string>> = {
  'github-pat': () => withCrc('ghp_', 30),
  'github-oauth': () => withCrc('gho_', 30),
  'github-app': () => withCrc('ghs_', 30),
  'github-refresh': () => withCrc('ghr_', 70),
  'github-fine-grained-pat': () => `github_pat_${chars(an, 22)}_${chars(an, 59)}`,
  'gitlab-pat': () => `glpat-${chars(an, 20)}`,
  'gitlab-pipeline-trigger': () => `glptt-${chars(hexDigits, 40)}`,
  'gitlab-runner': () => `glrt-${chars(an, 20)}`,
  'gitlab-deploy': () => `gldt-${chars(an, 20)}`,
  'bitbucket-app-password': () => `ATBB${chars(an, 24)}${chars(digits + 'ABCDEF', 8)}`,
  'npm-token': () => withCrc('npm_', 30),
  'pypi-token': () => `pypi-${'AgEIcHlwaS5vcmc'}${chars(url, 120)}`,
  'rubygems-key': () => `rubygems_${chars(hexDigits, 48)}`,
  'cargo-token': () => `cio${chars(an, 32)}`,
  'nuget-key': () => `oy2${chars(lower + digits, 43)}`,
  'docker-hub-token': () => `dckr_pat_${chars(an, 27)}`,
  'clojars-token': () => `CLOJARS_${chars(lower + digits, 60)}`,
  'anthropic-key': () => `sk-ant-${'api03'}-${chars(an, 93)}AA`,
  'openai-key': () => `sk-proj-${chars(an, 74)}${'T3Blbk'}FJ${chars(an, 74)}`,
  'openai-legacy-key': () => `sk-${chars(an, 20)}${'T3Blbk'}FJ${chars(an, 20, 'b')}`,
  'openrouter-key': () => `sk-or-v1-${chars(hexDigits, 64)}`,
  'deepseek-key': () => `sk-${chars(hexDigits, 32)}`,
  'hugging-face-token': () => `hf_${chars(lower + upper, 34)}`,
  'groq-key': () => `gsk_${chars(an, 52)}`,
  'xai-key': () => `xai-${chars(an, 80)}`,
  'perplexity-key': () => `pplx-${chars(an, 48)}`,
  'replicate-token': () => `r8_${chars(an, 37)}`,
  'langsmith-key': () => `lsv2_pt_${chars(hexDigits, 32)}_${chars(hexDigits, 10)}`,
  'nvidia-key': () => `nvapi-${chars(an, 64)}`,
  'fireworks-key': () => `fw_${chars(an, 24)}`,
  'tavily-key': () => `tvly-dev-${chars(an, 6)}-${chars(an, 41)}`,
  'aws-access-key-id': () => `AKIA${chars(base32, 16)}`,
  'aws-secret-access-key': () => `aws_secret_access_key = "${chars(`${an}/+`, 40)}"`,
  'aws-bedrock-key': () =>
    `ABSK${Buffer.from('BedrockAPIKey-').toString('base64').slice(0, 18)}${chars(an, 90)}`,
  'google-api-key': () => `AIza${chars(url, 35)}`,
  'google-auth-key': () => `AQ.A${chars(url, 49)}`,
  'google-oauth-token': () => `ya29.${chars(url, 120)}`,
  'google-oauth-secret': () => `GOCSPX-${chars(an, 28)}`,
  'azure-ad-secret': () => `abc8Q~${chars(an, 34)}`,
  'azure-storage-key': () => `AccountKey=${chars(an, 86)}==`,
  'azure-sas-signature': () => `SharedAccessKey=${chars(an, 43)}=`,
  'azure-account-key': () => `${chars(`${an}+/`, 76)}+${'ASt'}${chars(an, 5)}Q==`,
  'azure-shared-access-key': () => `${chars(`${an}+/`, 33)}${'AI'}oTA${chars(an, 5)}=`,
  'azure-search-key': () => `${chars(an, 42)}${'Az'}SeB${chars(an, 5)}`,
  'azure-registry-key': () => `${chars(`${an}+/`, 42)}+${'AC'}RB${chars(an, 5)}`,
  'azure-function-key': () => `${chars(url, 44)}${'Az'}Fu${chars(an, 5)}A==`,
  'azure-annotated-key': () => `${chars(an, 52)}${'JQQ'}J99${chars(an, 1)}A${chars(an, 16)}b${chars(an, 7)}`,
  'digitalocean-token': () => `dop_v1_${chars(hexDigits, 64)}`,
  'alibaba-access-key': () => `LTAI${chars(an, 20)}`,
  'tencent-secret-id': () => `AKID${chars(an, 32)}`,
  'yandex-key': () => `AQVN${chars(an, 36)}`,
  'heroku-key': () => `HRKU-AA${chars(an, 58)}`,
  'fly-token': () => `fm2_${chars(an, 140)}`,
  'vault-token': () => `hvs.${chars(an, 95)}`,
  'terraform-cloud-token': () => `${chars(an, 14)}.atlasv1.${chars(an, 67)}`,
  'pulumi-token': () => `pul-${chars(hexDigits, 40)}`,
  'databricks-token': () => `dapi${chars(hexDigits, 32)}`,
  'planetscale-token': () => `pscale_tkn_${chars(an, 43)}`,
  'supabase-token': () => `sbp_${chars(hexDigits, 40)}`,
  'supabase-secret-key': () => `sb_secret_${chars(an, 31)}`,
  'age-secret-key': () => bech32('age-secret-key-', 52).toUpperCase(),
  'slack-bot-token': () => `xoxb-${chars(digits, 12)}-${chars(digits, 12, 'b')}-${chars(an, 24)}`,
  'slack-user-token': () => `xoxp-${chars(digits, 12)}-${chars(digits, 12, 'b')}-${chars(an, 32)}`,
  'slack-app-token': () => `xapp-1-A${chars(upper, 10)}-${chars(digits, 12)}-${chars(hexDigits, 64)}`,
  'slack-webhook': () =>
    `https://hooks.slack.com/services/T${chars(upper, 9)}/B${chars(upper, 9)}/${chars(an, 24)}`,
  'discord-webhook': () => `https://discord.com/api/webhooks/${chars(digits, 18)}/${chars(an, 68)}`,
  'telegram-bot-token': () => `bot=${chars(digits, 9)}:AA${chars(an, 33)}`,
  'stripe-secret-key': () => `sk_live_${chars(an, 24)}`,
  'stripe-webhook-secret': () => `whsec_${chars(an, 32)}`,
  'square-token': () => `sq0atp-${chars(an, 22)}`,
  'braintree-token': () => `access_token$production$${chars(lower, 16)}$${chars(hexDigits, 32)}`,
  'shopify-token': () => `shpat_${chars(hexDigits, 32)}`,
  'plaid-token': () =>
    `access-production-${[8, 4, 4, 4, 12].map((length) => chars(hexDigits, length)).join('-')}`,
  'sendgrid-key': () => `SG.${chars(an, 22)}.${chars(an, 43)}`,
  'mailgun-key': () => `key-${chars(hexDigits, 32)}`,
  'brevo-key': () => `xkeysib-${chars(hexDigits, 64)}-${chars(an, 16)}`,
  'resend-key': () => `re_${chars(an, 8)}_${chars(an, 24)}`,
  'twilio-key': () => `SK${chars(hexDigits, 32)}`,
  'datadog-app-key': () => `ddapp_${chars(an, 34)}`,
  'datadog-access-token': () => `ddpat_${chars(an, 22)}_${chars(an, 49)}`,
  'newrelic-key': () => `NRAK-${chars(upper + digits, 27)}`,
  'grafana-token': () => `glsa_${chars(an, 32)}_${chars(hexDigits, 8)}`,
  'grafana-cloud-token': () =>
    `glc_${Buffer.from('{"o":"12345678","n":').toString('base64').replaceAll('=', '')}${chars(an, 80)}`,
  'sentry-token': () => `sntryu_${chars(hexDigits, 64)}`,
  'sentry-org-token': () =>
    `sntrys_${Buffer.from('{"iat":1700000000,').toString('base64url')}${chars(an, 80)}_${chars(an, 43)}`,
  'dynatrace-token': () => `dt0c01.${chars(base32, 24)}.${chars(base32, 64)}`,
  'linear-key': () => `lin_api_${chars(an, 40)}`,
  'notion-token': () => `ntn_${chars(digits, 11)}${chars(an, 35)}`,
  'atlassian-token': () => `ATATT3${chars(url, 180)}=${chars('0123456789ABCDEF', 8)}`,
  'airtable-pat': () => `pat${chars(an, 14)}.${chars(hexDigits, 64)}`,
  'figma-pat': () => `figd_${chars(an, 40)}`,
  'postman-key': () => `PMAK-${chars(hexDigits, 24)}-${chars(hexDigits, 34)}`,
  'doppler-token': () => `dp.st.dev.${chars(an, 43)}`,
  'infisical-token': () => `st.${chars(hexDigits, 24)}.${chars(hexDigits, 32)}.${chars(hexDigits, 32, 'b')}`,
  'onepassword-service-token': () =>
    `ops_${json({ signInAddress: 'my.vault.test' }).slice(0, 40)}${chars(an, 300)}`,
  'tailscale-key': () => `tskey-auth-${chars(an, 12)}-${chars(an, 32)}`,
  'readme-key': () => `rdme_${chars(lower + digits, 70)}`,
  'sourcegraph-token': () => `sgp_${chars(hexDigits, 40)}`,
  'private-key': () => `-----BEGIN ${'PRIVATE'} KEY-----\n${chars(an, 64)}\n`,
  'putty-private-key': () => `PuTTY-User-Key-File-3: ssh-ed25519`,
  jwt: () => `${json({ alg: 'HS256', typ: 'JWT' })}.${json({ sub: '1' })}.${chars(url, 43)}`,
  'database-url': () => `postgres://app:${chars(an, 16)}@db.internal:5432/app`,
  'basic-auth-url': () => `https://deploy:${chars(an, 16)}1@registry.internal/x`,
};
