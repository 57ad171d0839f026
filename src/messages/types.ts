import type {
  Message,
  MessageCreateParamsBase,
  MessageParam,
  RawMessageStreamEvent,
  Usage,
} from '@anthropic-ai/sdk/resources/messages';

/**
 * The neutral format of a conversation is the Anthropic Messages API
 * (https://docs.anthropic.com/en/api/messages); its types are the SDK's. They are open lists: a field that is not named there
 * passes through untouched.
 */
export type { Message, MessageParam, RawMessageStreamEvent, Usage };

/** Body of `POST /v1/messages` without `stream`, which the specialist decides. */
export type MessagesRequest = Omit<MessageCreateParamsBase, 'stream'>;
