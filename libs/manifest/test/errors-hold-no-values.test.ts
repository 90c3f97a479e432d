import { ManifestErrors, parseBottle } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const secret = 'S3cr3tValue_9f8e7d';
const places = [
  (v: string) => `env:\n  A: "${v}\\n"`,
  (v: string) => `env:\n  A: ["${v}"]`,
  (v: string) => `env: ${v}`,
  (v: string) => `env:\n  A: *${v}`,
  (v: string) => `env:\n  A: !${v} x`,
  (v: string) => `env:\n  A: "\\q${v}"`,
  (v: string) => `env:\n  A: b\n B:${v}\n   C: d`,
  (v: string) => `env: {A:${v}}`,
  (v: string) => `extends: ${v}`,
  (v: string) => `agent_provider: {auth_token: "${v}!"}`,
  (v: string) => `agent_provider: {template: ${v}}`,
  (v: string) => `egress:\n  routes:\n    - host: https://u:${v}@a.example.com`,
  (v: string) =>
    `egress:\n  routes:\n    - host: a.example.com\n      auth: {scheme: ${v}, token_ref: "${v}-"}`,
  (v: string) => `egress:\n  routes:\n    - host: a.example.com\n      auth: ${v}`,
  (v: string) =>
    `egress:\n  routes:\n    - host: a.example.com\n      methods: ["${v}"]\n      path_allowlist: ["${v}"]`,
  (v: string) =>
    `egress:\n  routes:\n    - host: a.example.com\n      env_secrets: ["-${v}"]\n      address_allowlist: ["${v}"]`,
  (v: string) => `egress:\n  dlp_allow:\n    - {sha256: ${v}}`,
  (v: string) => `git-gate:\n  repos:\n    a: {url: "ssh://git:${v}@h/p", identity: ${v}, host_key: ${v}}`,
  (v: string) =>
    `git-gate:\n  repos:\n    a: {url: "ssh://git@h/p", provisioned_key: {provider: ${v}, token_ref: "${v} ", api_url: "https://x:${v}@h"}}`,
  (v: string) => `supervise: ${v}\nresources: {memory: ${v}, cpus: ${v}}`,
] as const;

describe('messages', () => {
  it.each(places.map((place) => [place(secret)]))('hold no value: %j', (yaml) => {
    const text = `---\n${yaml}\n---\n`;
    let errors: unknown;
    try {
      parseBottle(text, 'dev.md');
    } catch (error) {
      errors = error;
    }
    if (!ManifestErrors.isInstance(errors)) throw new Error('the manifest was not refused');
    expect(JSON.stringify(errors.data) + errors.message).not.toContain(secret);
  });

  it('hold no value wherever a secret is put', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.stringMatching(/^[A-Z0-9]{12}[a-zA-Z0-9+/ :{}[\]'"!&*#?-]{0,12}$/),
        (place, value) => {
          try {
            parseBottle(`---\n${place(value)}\n---\n`, 'dev.md');
          } catch (error) {
            if (!ManifestErrors.isInstance(error)) throw error;
            expect(JSON.stringify(error.data) + error.message).not.toContain(value.slice(0, 12));
          }
        },
      ),
    );
  });
});
