import { endsWithCrc32 } from '../checksums.ts';
import { alnum, isPlaceholder, prefixed, wordOrDash, type TokenRule } from '../token-rule.ts';

const github = (id: string, prefix: string | readonly string[]): TokenRule =>
  prefixed(id, prefix, '[A-Za-z0-9]{36}(?![A-Za-z0-9])', {
    severity: 'critical',
    notAfter: null,
    isValid: (value) => endsWithCrc32(value, 4),
  });

/** Hosts of source code and packages. */
export const forgeRules: readonly TokenRule[] = [
  github('github-pat', 'ghp_'),
  github('github-oauth', 'gho_'),
  github('github-app', ['ghu_', 'ghs_']),
  prefixed('github-refresh', 'ghr_', '[A-Za-z0-9]{76}(?![A-Za-z0-9])', {
    severity: 'critical',
    notAfter: null,
    isValid: (value) => endsWithCrc32(value, 4),
  }),
  prefixed('github-fine-grained-pat', 'github_pat_', '[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9_])', {
    severity: 'critical',
  }),
  prefixed('gitlab-pat', 'glpat-', '[A-Za-z0-9_-]{20,64}(?:\\.[0-9a-z]{2}\\.[0-9a-z]{9})?(?![A-Za-z0-9_-])', {
    severity: 'critical',
    notAfter: wordOrDash,
  }),
  prefixed('gitlab-pipeline-trigger', 'glptt-', '[0-9a-f]{40}(?![A-Za-z0-9])', { notAfter: wordOrDash }),
  prefixed(
    'gitlab-runner',
    ['glrt-', 'glrtr-'],
    '[A-Za-z0-9_-]{20,64}(?:\\.[0-9a-z.]{2,14})?(?![A-Za-z0-9_-])',
    {
      notAfter: wordOrDash,
    },
  ),
  prefixed(
    'gitlab-deploy',
    ['gldt-', 'glft-', 'glcbt-', 'glimt-', 'glagent-', 'gloas-'],
    '[A-Za-z0-9_-]{20,64}(?![A-Za-z0-9_-])',
    {
      notAfter: wordOrDash,
    },
  ),
  prefixed('bitbucket-app-password', 'ATBB', '[A-Za-z0-9]{24}[0-9A-F]{8}(?![A-Za-z0-9])', {
    notAfter: alnum,
  }),
  prefixed('npm-token', 'npm_', '[A-Za-z0-9]{36}(?![A-Za-z0-9])', {
    severity: 'critical',
    notAfter: null,
    isValid: (value) => endsWithCrc32(value, 4),
  }),
  prefixed('pypi-token', ['pypi-AgEIcHlwaS5vcmc', 'pypi-AgENdGVzdC5weXBpLm9yZw'], '[A-Za-z0-9_-]{50,1000}', {
    severity: 'critical',
    notAfter: wordOrDash,
  }),
  prefixed('rubygems-key', 'rubygems_', '[0-9a-f]{48}(?![0-9A-Za-z])'),
  prefixed('cargo-token', 'cio', '[A-Za-z0-9]{32}(?![A-Za-z0-9])', {
    notAfter: wordOrDash,
    isValid: (value) =>
      !isPlaceholder(value) && /[0-9]/.test(value) && /[A-Z]/.test(value) && /[a-z]/.test(value.slice(3)),
  }),
  prefixed('nuget-key', 'oy2', '[a-z0-9]{43}(?![A-Za-z0-9])', {
    notAfter: wordOrDash,
    isValid: (value) => !isPlaceholder(value) && /[0-9]/.test(value.slice(3)),
  }),
  prefixed('docker-hub-token', ['dckr_pat_', 'dckr_oat_'], '[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])', {
    severity: 'critical',
    notAfter: wordOrDash,
  }),
  prefixed('clojars-token', 'CLOJARS_', '[0-9a-z]{60}(?![A-Za-z0-9])'),
];
