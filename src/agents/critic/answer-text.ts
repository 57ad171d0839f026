import type { Message } from '../../messages/types.ts';

/**
 * The text of an answer: its text blocks in order, joined as they are where they follow each other (Claude splits a sentence into
 * blocks to attach citations) and by an empty line where something else stood between them. A leading `<think>` section, which
 * reasoning models served by Ollama may leave in the text, is blanked; its line breaks stay, so line numbers hold.
 */
export function answerText(message: Message): string {
  let text = '';
  let isFollowOn = true;
  for (const block of message.content) {
    if (block.type === 'text') {
      text += isFollowOn || text === '' ? block.text : `\n\n${block.text}`;
      isFollowOn = true;
    } else {
      isFollowOn = false;
    }
  }
  return text.replace(leadingThought, (thought) => thought.replace(/[^\r\n]/g, ''));
}

/** An unclosed section is thought to its end: the model was cut off before it began to answer. */
const leadingThought = /^\s*<think(?:ing)?>(?:[\s\S]*?<\/think(?:ing)?>|[\s\S]*$)/;
