import { vendorSources } from './vendor-sources.ts';

const lists = {
  /** formats that vendors registered with GitHub for scanning */
  github:
    'https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns',
  /** rules of a scanner with the same format */
  gitleaks: 'https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml',
} as const;

/** Formats that only the second list has. */
const scannersOnly: ReadonlySet<string> = new Set(['bitbucket-app-password']);

/** Where the format of a rule is described. */
export function sourceOf(id: string): string {
  return vendorSources[id] ?? (scannersOnly.has(id) ? lists.gitleaks : lists.github);
}
