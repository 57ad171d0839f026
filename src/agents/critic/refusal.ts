import type { Issue } from '../verdict.ts';
import type { ReviewedAnswer } from './reviewed-answer.ts';

/** Characters. A refusal is short; a longer text that begins with "I can't" usually goes on to help. */
const longestRefusal = 800;

/**
 * Finds a refusal: `stop_reason: "refusal"` of the Messages API, or a short answer without any code that opens with a stock
 * refusal of the Claude, Qwen or Llama families (English and Chinese). It is rejected, so that the other specialist is tried.
 * Known mistakes: a refusal in another language or in new words is missed; a short answer that refuses one half of a task and
 * does the other half in prose is taken for a refusal.
 */
export function findRefusal(answer: ReviewedAnswer): readonly Issue[] {
  if (answer.stopReason === 'refusal')
    return [refusal('The model refused the task (stop_reason is "refusal").')];
  if (answer.text.length > longestRefusal || answer.text.includes('`')) return [];
  const opening = answer.text.replace(/[’‘]/g, "'").replace(/^[\s>*_#"]+/, '');
  if (!stockRefusals.some((pattern) => pattern.test(opening))) return [];
  return [refusal('The answer declines the task instead of doing it.')];
}

function refusal(message: string): Issue {
  return { kind: 'refusal', severity: 'error', message };
}

const cannot = "(?:can(?:no|')t|can not|am (?:not able|unable) to|'m (?:not able|unable) to|won't|will not)";
/** Verbs of declining. "I can't see", "find" or "reproduce" report a result and are not here. */
const deed =
  '(?:help|assist|fulfil?l|comply|provide|create|generate|write|produce|share|discuss|engage|support|answer|respond|' +
  'participate|continue|offer|give|complete|do|make|carry out|perform|proceed|satisfy|process)';
const manner = '(?:(?:really|currently|directly|simply|just|be able to|in good conscience) )?';

/** All are anchored at the opening of the answer. */
const stockRefusals: readonly RegExp[] = [
  new RegExp(
    `^(?:(?:i'm|i am) (?:(?:very |so |really |truly |terribly )?sorry|afraid)|sorry|i apologi[sz]e|apologies|unfortunately|my apologies)` +
      `(?: for (?:the|any) \\w+)?[,.;:!]?(?: but| that)?,? i ?${cannot} ${manner}${deed}\\b`,
    'i',
  ),
  new RegExp(`^i ?${cannot} ${manner}${deed}\\b`, 'i'),
  /^(?:(?:i'm|i am) )?(?:very )?sorry,? but (?:that's|this is) (?:not )?something i (?:can't|cannot|can|won't)\b/i,
  /^(?:i must|i have to|i need to|i'll have to|i will have to) (?:respectfully |politely )?(?:decline|refuse)\b/i,
  /^i (?:respectfully |politely )?(?:decline|refuse) to\b/i,
  /^(?:i'm|i am) not (?:comfortable|going to|willing|allowed|permitted|programmed|designed)\b/i,
  new RegExp(
    `^as an? (?:ai|artificial intelligence|large language|language)\\b[^.]{0,60}?,? i ?(?:${cannot}|do not|don't|must)\\b`,
    'i',
  ),
  /^(?:your|this|the) (?:request|question|prompt|content) (?:violates|goes against|is against)\b/i,
  /^(?:非常|很|十分)?(?:抱歉|对不起|不好意思)[，,。！!]?(?:但是?|但)?我(?:不能|无法|没有办法|没办法|不可以)/,
  /^(?:我(?:不能|无法)(?:提供|帮助|协助|满足|回答|生成|创建))/,
  /^作为(?:一个|一名)?(?:人工智能|AI|大?语言模型)[^。]{0,30}(?:不能|无法)/i,
];
