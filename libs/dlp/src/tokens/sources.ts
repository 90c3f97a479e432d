const lists = {
  /** formats that vendors registered with GitHub for scanning */
  github:
    'https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns',
  /** rules of a scanner with the same format */
  gitleaks: 'https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml',
} as const;

const githubTokens = 'https://github.blog/engineering/behind-githubs-new-authentication-token-formats/';
const gitlabTokens = 'https://docs.gitlab.com/security/tokens/#token-prefixes';
const sentryTokens = 'https://docs.sentry.io/security-legal-pii/security/token-formats/';

/** Where the vendor says what its credentials look like; what is not here stands in one of two public lists. */
const vendors: Readonly<Record<string, string>> = {
  'github-pat': githubTokens,
  'github-oauth': githubTokens,
  'github-app': githubTokens,
  'github-refresh': githubTokens,
  'gitlab-pat': gitlabTokens,
  'gitlab-pipeline-trigger': gitlabTokens,
  'gitlab-runner': gitlabTokens,
  'gitlab-deploy': gitlabTokens,
  'npm-token': 'https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/',
  'aws-access-key-id': 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html',
  'aws-secret-access-key': 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html',
  'slack-bot-token': 'https://docs.slack.dev/authentication/tokens',
  'slack-user-token': 'https://docs.slack.dev/authentication/tokens',
  'slack-app-token': 'https://docs.slack.dev/authentication/tokens',
  'stripe-secret-key': 'https://docs.stripe.com/keys',
  'dynatrace-token': 'https://docs.dynatrace.com/managed/dynatrace-api/basics/dynatrace-api-authentication',
  'sentry-token': sentryTokens,
  'sentry-org-token': sentryTokens,
  'shopify-token': 'https://shopify.dev/changelog/length-of-the-shopify-access-token-is-increasing',
  'tailscale-key': 'https://tailscale.com/docs/reference/key-prefixes',
  'plaid-token': 'https://plaid.com/docs/quickstart/glossary/',
  'telegram-bot-token': 'https://core.telegram.org/bots/api#authorizing-your-bot',
  'age-secret-key': 'https://github.com/C2SP/C2SP/blob/main/age.md',
  jwt: 'https://www.rfc-editor.org/rfc/rfc7519',
  'private-key': 'https://www.rfc-editor.org/rfc/rfc7468',
  'putty-private-key': 'https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html',
  'database-url': 'https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS',
  'basic-auth-url': 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
};

/** Formats that only the second list has. */
const scannersOnly: ReadonlySet<string> = new Set([
  'clojars-token',
  'cargo-token',
  'nuget-key',
  'bitbucket-app-password',
  'braintree-token',
  'infisical-token',
  'twilio-key',
  'mailgun-key',
]);

/** Where the format of a rule is described. */
export function sourceOf(id: string): string {
  return vendors[id] ?? (scannersOnly.has(id) ? lists.gitleaks : lists.github);
}
