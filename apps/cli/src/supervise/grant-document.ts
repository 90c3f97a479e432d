import { visibleLine } from '@bot-bottle/audit';
import { renderYaml, type GrantManifest } from '@bot-bottle/manifest';
import type { Grant } from '@bot-bottle/supervise';

/** A grant as it stands in an editor. */
export function grantKeys(grant: Grant): Record<string, unknown> {
  return {
    host: grant.host,
    ports: [...grant.ports],
    path_allowlist: [...grant.path_allowlist],
    methods: [...grant.methods],
    minutes: grant.minutes,
    with_credential: grant.inject,
  };
}

/** A grant under comments that say what it is about. */
export function grantDocument(grant: Grant, about: readonly string[]): string {
  return [...about, ''].map(comment).join('') + renderYaml(grantKeys(grant));
}

/** A line that is a comment whatever it holds. */
export function comment(line: string): string {
  return `# ${visibleLine(line, 8192)}`.trimEnd().concat('\n');
}

/** What was read from an editor, as owners take it. */
export function grantOf(grant: GrantManifest): Grant {
  return {
    host: grant.host,
    ports: [...grant.ports],
    path_allowlist: [...grant.pathAllowlist],
    methods: [...grant.methods],
    minutes: grant.minutes,
    inject: grant.withCredential,
  };
}
