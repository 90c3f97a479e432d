/** What no image may hold, whatever the engine tells of it: keys, tokens, credentials of registries. */
const secrets: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\bgh[pousr]_[A-Za-z0-9]{30,}/,
  /\bgithub_pat_[A-Za-z0-9_]{30,}/,
  /\bsk-(?:ant-)?[A-Za-z0-9_-]{20,}/,
  /\bnpm_[A-Za-z0-9]{30,}/,
  /\bAKIA[A-Z0-9]{16}\b/,
  /_authToken\s*=/,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\./,
  /(?:https?|ssh):\/\/[^\s/:@"]+:[^\s/@"]+@/,
  /\b[A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|API_KEY)[A-Z0-9_]*=[^\s"$]/,
];

/** The patterns that a text matches; [] when it holds nothing of the kind. */
export function findSecrets(text: string): string[] {
  return secrets.filter((each) => each.test(text)).map(String);
}
