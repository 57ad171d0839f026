import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  completable,
  fromJsonSchema,
  InMemoryServerEventBus,
  inputRequired,
  McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { type McpHttpServer, startHttp } from '../../src/mcp-server/http/start-http.ts';

/** A red dot, and 44 bytes of silence. */
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=';

/**
 * This project's HTTP transport with the tools, resources and prompts that the conformance suite asks for by name in place of its own, so
 * that what they exercise (sessions, streams, notifications, requests to the client) is the code that users get.
 */
export async function startConformanceServer(): Promise<McpHttpServer> {
  const events = new InMemoryServerEventBus();
  const onProblem = () => undefined;
  const ports = {
    newServer: () => fixtureServer(events),
    events,
    stopCalls: async () => undefined,
    newId: randomUUID,
    nowMs: Date.now,
  };
  return startHttp({ host: '127.0.0.1', port: 0, onProblem }, ports);
}

function fixtureServer(events: InMemoryServerEventBus): McpServer {
  const server = new McpServer(
    { name: 'conformance-fixtures', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true },
        logging: {},
      },
    },
  );
  registerContentTools(server);
  registerTalkingTools(server);
  registerElicitingTools(server);
  registerResources(server);
  registerPrompts(server);
  server.registerTool('test_trigger_tool_change', { description: 'Tells that tools changed' }, () => {
    events.publish({ kind: 'tools_list_changed' });
    return text('done');
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Tells that prompts changed' }, () => {
    events.publish({ kind: 'prompts_list_changed' });
    return text('done');
  });
  return server;
}

const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });
const image = { type: 'image' as const, data: png, mimeType: 'image/png' };

function registerContentTools(server: McpServer): void {
  server.registerTool('test_simple_text', { description: 'Gives text' }, () =>
    text('This is a simple text response for testing.'),
  );
  server.registerTool('test_image_content', { description: 'Gives an image' }, () => ({ content: [image] }));
  server.registerTool('test_audio_content', { description: 'Gives audio' }, () => ({
    content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }],
  }));
  server.registerTool('test_embedded_resource', { description: 'Gives a resource' }, () => ({
    content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  }));
  server.registerTool(
    'test_multiple_content_types',
    { description: 'Gives text, image and resource' },
    () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        image,
        embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
      ],
    }),
  );
  server.registerTool('test_error_handling', { description: 'Always fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  const inputSchema = fromJsonSchema<Record<string, unknown>>({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: {
      address: {
        $anchor: 'addressDef',
        type: 'object',
        properties: { street: { type: 'string' }, city: { type: 'string' } },
      },
    },
    properties: {
      name: { type: 'string' },
      address: { $ref: '#/$defs/address' },
      contactMethod: { type: 'string', enum: ['phone', 'email'] },
      phone: { type: 'string' },
      email: { type: 'string' },
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  });
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Has a schema with keywords of JSON Schema 2020-12', inputSchema },
    () => text('ok'),
  );
}

function registerTalkingTools(server: McpServer): void {
  server.registerTool('test_tool_with_logging', { description: 'Logs while it runs' }, async (context) => {
    for (const message of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await context.mcpReq.log('info', message);
      await delay(50);
    }
    return text('logged');
  });
  server.registerTool('test_tool_with_progress', { description: 'Reports progress' }, async (context) => {
    const progressToken = context.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 100 };
        await context.mcpReq.notify({ method: 'notifications/progress', params });
      }
      await delay(50);
    }
    return text('done');
  });
  server.registerTool('test_logging_tool', { description: 'Logs once' }, async (context) => {
    await context.mcpReq.log('info', 'only where the request set a log level');
    return text('logged');
  });
  const question = { role: 'user' as const, content: { type: 'text' as const, text: 'Why?' } };
  server.registerTool('test_missing_capability', { description: 'Needs sampling' }, () =>
    inputRequired({
      inputRequests: {
        sample: { method: 'sampling/createMessage', params: { messages: [question], maxTokens: 10 } },
      },
    }),
  );
  server.registerTool('test_streaming_elicitation', { description: 'Needs an answer of the user' }, () =>
    inputRequired({
      inputRequests: {
        name: {
          method: 'elicitation/create',
          params: {
            message: 'What is your name?',
            requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
          },
        },
      },
    }),
  );
  const prompt = z.object({ prompt: z.string() });
  server.registerTool(
    'test_sampling',
    { description: 'Asks the client for a sample', inputSchema: prompt },
    async (given, context) => {
      const message = { role: 'user' as const, content: { type: 'text' as const, text: given.prompt } };
      const answer = await context.mcpReq.requestSampling({ messages: [message], maxTokens: 100 });
      return text(`LLM response: ${JSON.stringify(answer.content)}`);
    },
  );
}

function registerElicitingTools(server: McpServer): void {
  const message = z.object({ message: z.string() });
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the user', inputSchema: message },
    async (given, context) => {
      const answer = await context.mcpReq.elicitInput({
        message: given.message,
        requestedSchema: {
          type: 'object',
          properties: {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          },
          required: ['username', 'email'],
        },
      });
      return text(`User response: ${JSON.stringify(answer)}`);
    },
  );
  server.registerTool(
    'test_elicitation_sep1034_defaults',
    { description: 'Asks the user, with defaults' },
    async (context) => {
      const answer = await context.mcpReq.elicitInput({
        message: 'Please check',
        requestedSchema: {
          type: 'object',
          properties: {
            name: { type: 'string', default: 'John Doe' },
            age: { type: 'integer', default: 30 },
            score: { type: 'number', default: 95.5 },
            status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
            verified: { type: 'boolean', default: true },
          },
        },
      });
      return text(
        `Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content)}`,
      );
    },
  );
  server.registerTool(
    'test_elicitation_sep1330_enums',
    { description: 'Asks the user, with choices' },
    async (context) => {
      const options = ['option1', 'option2', 'option3'];
      const titled = (word: string) => [
        { const: 'value1', title: `First ${word}` },
        { const: 'value2', title: `Second ${word}` },
        { const: 'value3', title: `Third ${word}` },
      ];
      const answer = await context.mcpReq.elicitInput({
        message: 'Please choose',
        requestedSchema: {
          type: 'object',
          properties: {
            untitledSingle: { type: 'string', enum: options },
            titledSingle: { type: 'string', oneOf: titled('Option') },
            legacyEnum: {
              type: 'string',
              enum: ['opt1', 'opt2', 'opt3'],
              enumNames: ['Option One', 'Option Two', 'Option Three'],
            },
            untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
            titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
          },
        },
      });
      return text(
        `Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content)}`,
      );
    },
  );
}

function registerResources(server: McpServer): void {
  const fixed = (uri: string, mimeType: string, content: { text: string } | { blob: string }) =>
    server.registerResource(uri, uri, { description: `Fixture ${uri}`, mimeType }, () => ({
      contents: [{ uri, mimeType, ...content }],
    }));
  fixed('test://static-text', 'text/plain', { text: 'This is the content of the static text resource.' });
  fixed('test://static-binary', 'image/png', { blob: png });
  fixed('test://watched-resource', 'text/plain', { text: 'Watched' });
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, { description: 'Fixture by id' }, (uri, { id }) => ({
    contents: [
      {
        uri: uri.href,
        mimeType: 'application/json',
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
      },
    ],
  }));
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}

function registerPrompts(server: McpServer): void {
  const says = (words: string) => ({
    role: 'user' as const,
    content: { type: 'text' as const, text: words },
  });
  server.registerPrompt('test_simple_prompt', { description: 'Says one thing' }, () => ({
    messages: [says('This is a simple prompt for testing.')],
  }));
  const argsSchema = z.object({
    arg1: completable(z.string().describe('First test argument'), (given) =>
      ['paris', 'park', 'party'].filter((word) => word.startsWith(given)),
    ),
    arg2: z.string().describe('Second test argument'),
  });
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'Has arguments', argsSchema },
    ({ arg1, arg2 }) => ({ messages: [says(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'Has a resource in it', argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) => ({
      messages: [
        {
          role: 'user',
          content: embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
        },
        says('Please process the embedded resource above.'),
      ],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'Has an image in it' }, () => ({
    messages: [{ role: 'user', content: image }, says('Please analyze the image above.')],
  }));
}

function embedded(uri: string, mimeType: string, content: string) {
  return { type: 'resource' as const, resource: { uri, mimeType, text: content } };
}
