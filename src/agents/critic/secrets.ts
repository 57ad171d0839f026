import type { Issue } from '../verdict.ts';
import { blockPlace } from './code-blocks.ts';
import type { ReviewedAnswer } from './reviewed-answer.ts';

export interface SecretFindings {
  readonly issues: readonly Issue[];
  /** The answer's text with every secret replaced by `*`, character by character, so that lines and columns hold. */
  readonly maskedText: string;
}

/**
 * Finds keys, tokens, private keys and passwords in URLs with secretlint's recommended rules, in this process. Messages name the
 * kind of secret and the line, never the secret. It is only a warning where the secret stands in the task's own text (a user may
 * work on an example), or where it is a password of a host that is nobody's: local, a single name as in a compose file, or
 * reserved for examples (RFC 2606). `secretlint-disable` comments in an answer have no effect.
 * Known mistakes: invented keys in the right format are taken for real ones; formats that secretlint has no rule for are missed.
 */
export async function findSecrets(answer: ReviewedAnswer): Promise<SecretFindings> {
  const [{ lintSource }, preset, { secretLintProfiler }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
    import('@secretlint/profiler'),
  ]);
  // It is on by default and keeps a mark of each rule and run for the life of the process.
  secretLintProfiler.setEnabled(false);
  const { messages } = await lintSource({
    source: { filePath: 'answer.md', content: answer.text, contentType: 'text', ext: '.md' },
    options: {
      maskSecrets: true,
      noPhysicFilePath: true,
      config: {
        // Not the preset as a whole: it would obey `secretlint-disable` comments in the answer.
        rules: preset.rules
          .filter((rule) => rule.meta.id !== '@secretlint/secretlint-rule-filter-comments')
          .map((rule) => ({ id: rule.meta.id, rule })),
      },
    },
  });

  let maskedText = answer.text;
  const issues: Issue[] = [];
  for (const message of messages) {
    const [start, end] = message.range;
    const secret = answer.text.slice(start, end);
    const line = message.loc.start.line;
    maskedText = maskedText.slice(0, start) + secret.replace(/[^\r\n]/g, '*') + maskedText.slice(end);
    const block = answer.blocks.findLast((candidate) => candidate.line < line && line <= lastLine(candidate));
    const isHarmless = answer.task.includes(secret) || hasNobodysHost(secret);
    issues.push({
      kind: 'secret',
      severity: isHarmless ? 'warning' : 'error',
      message: `${block?.file ?? 'The answer'} holds what looks like a real secret at line ${line} (${message.messageId}).`,
      line,
      ...(block === undefined ? {} : blockPlace(block)),
    });
  }
  return { issues: issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)), maskedText };
}

function lastLine(block: ReviewedAnswer['blocks'][number]): number {
  return block.line + block.code.split('\n').length;
}

function hasNobodysHost(secret: string): boolean {
  const host = /:\/\/[^\s/]*@([^\s/:?#"'`,;)]+)/.exec(secret)?.[1]?.toLowerCase();
  if (host === undefined) return false;
  const isReserved = /(?:^|\.)(?:example|test|invalid|localhost|local|example\.(?:com|org|net))$/.test(host);
  return isReserved || !host.includes('.') || /^127\./.test(host) || host === '0.0.0.0';
}
