/** One kind of secret, by its form. Group 1, where there is one, stays: it is the name or prefix that the secret stands behind. */
interface SecretPattern {
  readonly kind: string;
  readonly pattern: RegExp;
}

/**
 * What looks like a key. Each is linear in the text's length (bounded repetitions, or one possible start in a run of characters), since it runs over
 * whatever a model wrote. docs/logging.md lists them.
 */
const secretPatterns: readonly SecretPattern[] = [
  {
    kind: 'private-key',
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
  },
  { kind: 'anthropic-key', pattern: /\bsk-ant-[\w-]{4,}/g },
  { kind: 'api-key', pattern: /\bsk-[\w-]{16,}/g },
  { kind: 'github-token', pattern: /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,})/g },
  { kind: 'gitlab-token', pattern: /\bglpat-[\w-]{16,}/g },
  { kind: 'npm-token', pattern: /\bnpm_\w{30,}/g },
  { kind: 'hugging-face-token', pattern: /\bhf_\w{20,}/g },
  { kind: 'slack-token', pattern: /\bxox[abeoprs]-[\w-]{10,}/g },
  { kind: 'aws-key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { kind: 'google-key', pattern: /\bAIza[\w-]{30,}/g },
  { kind: 'stripe-key', pattern: /\b[rs]k_(?:live|test)_\w{10,}/g },
  { kind: 'jwt', pattern: /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g },
  { kind: 'bearer-token', pattern: /(\bbearer\s{1,8})[\w.~+/=-]{16,}/gi },
  {
    kind: 'url-password',
    pattern: /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"']{0,100}:)[^\s/@"']{1,200}(?=@)/gi,
  },
  {
    kind: 'named-secret',
    pattern:
      /((?:api[-_]?key|auth[-_]?token|access[-_]?token|refresh[-_]?token|client[-_]?secret|secret[-_]?(?:access[-_]?)?key|authorization|password|passwd|set-cookie|cookie)[\\"']{0,4}\s{0,8}[:=]\s{0,8}[\\"']{0,4}(?:(?:bearer|basic|token)\s{1,8})?)(?!(?:(?:bearer|basic|token)\s{1,8})?\[masked)[^\s"'\\,;&}]{3,}/gi,
  },
];

/** Replaces whatever looks like a key in a text by `[masked: kind]`. Errs on the side of masking. */
export function maskSecrets(text: string): string {
  if (!mayHoldSecret.test(text)) return text;
  let masked = text;
  for (const { kind, pattern } of secretPatterns) {
    masked = masked.replace(pattern, (_match, kept: unknown) =>
      typeof kept === 'string' ? `${kept}[masked: ${kind}]` : `[masked: ${kind}]`,
    );
  }
  return masked;
}

/** Something of every pattern above; nearly all texts have none of it, and one search costs less than all patterns. */
const mayHoldSecret =
  /PRIVATE KEY|\b(?:sk-|gh[pousr]_|github_pat_|glpat-|npm_|hf_|xox|AKIA|ASIA|AIza|[rs]k_|eyJ)|:\/\/|bearer|api[-_]?key|_token|-token|authtoken|accesstoken|refreshtoken|secret|authorization|passw|cookie/i;

/** Whether a field or header of this name holds a secret, however it is spelled: `x-api-key`, `apiKey`, `ANTHROPIC_API_KEY`. */
export function isSecretName(name: string): boolean {
  return name.length < 100 && secretName.test(name.toLowerCase().replace(/[^a-z0-9]/g, ''));
}

const secretName =
  /(?:apikey|authtoken|accesstoken|refreshtoken|bearertoken|clientsecret|secretkey|secretaccesskey|privatekey|password|passwd|passphrase|authorization|cookie)$|^secret$/;
