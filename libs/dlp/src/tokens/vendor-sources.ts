const githubTokens = 'https://github.blog/engineering/behind-githubs-new-authentication-token-formats/';
const gitlabTokens = 'https://docs.gitlab.com/security/tokens/#token-prefixes';
const sentryTokens = 'https://docs.sentry.io/security-legal-pii/security/token-formats/';
const microsoftPatterns = fileOf(
  'microsoft/security-utilities',
  '036eb4b32c94999e6c78054e39163496fed88200',
  'GeneratedRegexPatterns/HighConfidenceSecurityModels.json',
);

/** Where the vendor says what its credentials look like; what is not here stands in one of two public lists. */
export const vendorSources: Readonly<Record<string, string>> = {
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
  'docker-hub-token': 'https://docs.docker.com/reference/api/hub/latest/operations/AuthCreateAccessToken.md',
  'clojars-token': 'https://github.com/clojars/clojars-web/issues/726',
  'anthropic-key': 'https://platform.claude.com/docs/de/get-api-key',
  'openrouter-key': 'https://openrouter.ai/docs/client-sdks/typescript/models/operations/createkeysresponse',
  'replicate-token': 'https://replicate.com/docs/topics/security/api-tokens',
  'langsmith-key': 'https://docs.langchain.com/langsmith/llm-gateway-authentication',
  'nvidia-key': 'https://docs.nvidia.com/nemo/retriever/latest/extraction/api-keys/index.html',
  'pulumi-token': 'https://github.com/pulumi/pulumi/issues/16509',
  'supabase-secret-key': 'https://www.supabase.com/docs/guides/getting-started/api-keys',
  'slack-webhook': 'https://docs.slack.dev/tools/java-slack-sdk/guides/incoming-webhooks',
  'sendgrid-key': 'https://twilio.com/docs/sendgrid/api-reference/api-keys/create-api-keys',
  'twilio-key': 'https://twilio.com/docs/iam/api-keys/key-resource-v1',
  'atlassian-token':
    'https://docs.atlassian.com/atlassian-bamboo/11.0.7/com/atlassian/bamboo/repository/configuration/BitbucketCloudApiTokenUtils.html',
  'onepassword-service-token': 'https://github.com/1Password/load-secrets-action/issues/74',
  'github-fine-grained-pat': fileOf(
    'github/docs',
    '058fa63bfe93d4d06889d0d18c601d6c56b66c56',
    'content/authentication/keeping-your-account-and-data-secure/about-authentication-to-github.md',
  ),
  'pypi-token': fileOf(
    'pypi/warehouse',
    '020bedaad7a82c1c9d0648932a8567b8e6d9edd5',
    'warehouse/macaroons/services.py',
  ),
  'rubygems-key': fileOf(
    'rubygems/rubygems.org',
    '066aae5501c8364428647e2bbbe68dca98f743f7',
    'app/controllers/concerns/api_keyable.rb',
  ),
  'cargo-token': fileOf(
    'rust-lang/crates.io',
    '04fe1d28b7b7b4dc0fa938554b56285ffc1a9f3a',
    'src/util/token.rs',
  ),
  'nuget-key': fileOf(
    'NuGet/NuGetGallery',
    '00c75112343b27289c31ef68fb94640061afffc1',
    'src/NuGetGallery.Services/Authentication/ApiKeyV4.cs',
  ),
  'hugging-face-token': fileOf(
    'huggingface/hub-docs',
    '0708226c083faee67f9aab52da9f499e6a8e390d',
    'docs/hub/security-tokens.md',
  ),
  'tavily-key': fileOf('tavily-ai/tavily-python', '137dac2a5a74d23af4d0218e72b5ac2e176dafc9', 'README.md'),
  'aws-bedrock-key': fileOf(
    'aws/aws-bedrock-token-generator-python',
    'e879f6950a4fc4e3ed7a0007626ad5d9308de35c',
    'README.md',
  ),
  'google-oauth-token': fileOf('google/oauth2l', '00f37fd9239e9c6d6636f9200dbc63961d251575', 'README.md'),
  'azure-ad-secret': microsoftPatterns,
  'azure-account-key': microsoftPatterns,
  'azure-shared-access-key': microsoftPatterns,
  'azure-service-key': microsoftPatterns,
  'azure-function-key': microsoftPatterns,
  'azure-annotated-key': microsoftPatterns,
  'databricks-token': microsoftPatterns,
  'azure-storage-key': fileOf(
    'MicrosoftDocs/azure-docs',
    '01caef55f91d24fe1916338912b3aab72df91676',
    'articles/storage/common/storage-configure-connection-string.md',
  ),
  'azure-sas-signature': fileOf(
    'MicrosoftDocs/azure-docs',
    '11676170f6a9a6b57e766cc137e5873d2a567675',
    'articles/event-hubs/event-hubs-get-connection-string.md',
  ),
  'tencent-secret-id': fileOf(
    'TencentCloud/signature-process-demo',
    'b4a9a03ba608a12371e6382c529b8744188b639b',
    'signature-v3/nodejs/demo.js',
  ),
  'yandex-key': fileOf(
    'yandex-cloud/docs',
    '049abdd3645b9c08d7f68f3a8cbb71bdf129a4b6',
    'en/iam/operations/api-key/create.md',
  ),
  'fly-token': fileOf('superfly/macaroon', '5fdd6ca5a3459c21258d93c70e38f6b189798f95', 'format.go'),
  'vault-token': fileOf(
    'hashicorp/vault',
    '049338b4635f127eee36b8865860b6a8050f7a31',
    'website/content/docs/concepts/tokens.mdx',
  ),
  'terraform-cloud-token': fileOf(
    'hashicorp/terraform-docs-common',
    '0aeb1c7093e7f61e210e9f7b801ccee13fb9cade',
    'website/docs/cloud-docs/api-docs/team-tokens.mdx',
  ),
  'supabase-token': fileOf(
    'supabase/cli',
    '265726d7c16e793110d4200f6f8b3fbd7a8158b3',
    'internal/utils/access_token.go',
  ),
  'discord-webhook': fileOf(
    'discord/discord-api-docs',
    '0160d9846c25b669f4844703e707ca364d3947cb',
    'docs/resources/Webhook.md',
  ),
  'stripe-webhook-secret': fileOf(
    'stripe/stripe-node',
    '011e144d6418ec47bde2badbd7f7788c0e31fa19',
    'examples/webhook-signing/README.md',
  ),
  'braintree-token': fileOf(
    'braintree/braintree_node',
    '3df051f927ec464b429e1705c2b674090f3ab2aa',
    'lib/braintree/credentials_parser.js',
  ),
  'mailgun-key': fileOf('mailgun/mailgun.js', '0492fe0f3188b5f19c3023ea8d798df7bb4b4a8f', 'README.md'),
  'resend-key': fileOf('resend/resend-node', '0148f7cb1580b9ed32104a6b9071562548c1d5ef', 'readme.md'),
  'newrelic-key': fileOf(
    'newrelic/terraform-provider-newrelic',
    '0034ecab51c4a538482975eaeef49dbaf355abe7',
    'website/docs/index.html.markdown',
  ),
  'notion-token': fileOf(
    'makenotion/notion-mcp-server',
    '0c87e278f9b359fb146507063a3d96eda66823c4',
    'README.md',
  ),
  'infisical-token': fileOf(
    'Infisical/infisical',
    '097d526cb7703bf32b87c2eaac707947a3612bfa',
    'backend/src/services/service-token/service-token-service.ts',
  ),
  'sourcegraph-token': fileOf(
    'sourcegraph/sourcegraph-public-snapshot',
    '0c504c8e555ab07b529249a2cda2bb06386c2380',
    'internal/accesstoken/personal_access_token.go',
  ),
};

/** A file of the vendor's as it was when it was read: there it cannot move or say something else. */
function fileOf(repository: string, commit: string, file: string): string {
  return `https://github.com/${repository}/blob/${commit}/${file}`;
}
