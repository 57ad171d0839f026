/** What a scenario of the conformance suite needs of the server it is run on. */
export type ScenarioNeed =
  /** Nothing in particular, so it is run on `teelamma mcp --http` itself and on the fixtures. */
  | { readonly on: 'product' }
  /** Tools, resources or prompts of the suite's own, so it is run on this project's transport with those. */
  | { readonly on: 'fixtures' }
  /** Something that this server does not do. */
  | { readonly on: 'nothing'; readonly reason: string };

const product: ScenarioNeed = { on: 'product' };
const fixtures: ScenarioNeed = { on: 'fixtures' };
const asksNothing: ScenarioNeed = {
  on: 'nothing',
  reason: 'this server never asks its client for input, so it gives no `input_required` results',
};

/** Every server scenario of the suite, but those of the extensions (`skills`, `tasks`), which this server does not offer. */
export const scenarios: Readonly<Record<string, ScenarioNeed>> = {
  'server-initialize': product,
  'server-session-lifecycle': product,
  'server-stateless': fixtures,
  'logging-set-level': fixtures,
  ping: product,
  'completion-complete': fixtures,
  'tools-list': product,
  'tools-call-simple-text': fixtures,
  'tools-call-image': fixtures,
  'tools-call-audio': fixtures,
  'tools-call-embedded-resource': fixtures,
  'tools-call-mixed-content': fixtures,
  'tools-call-with-logging': fixtures,
  'tools-call-error': fixtures,
  'tools-call-with-progress': fixtures,
  'tools-call-sampling': fixtures,
  'tools-call-elicitation': fixtures,
  'json-schema-2020-12': fixtures,
  'elicitation-sep1034-defaults': fixtures,
  'elicitation-sep1330-enums': fixtures,
  'server-sse-polling': {
    on: 'nothing',
    reason:
      'a stream that was cut is not resumed: answers are not kept for a client that has gone (`budget_history` still shows what they cost)',
  },
  'server-sse-multiple-streams': product,
  'resources-list': product,
  'resources-read-text': fixtures,
  'resources-read-binary': fixtures,
  'resources-templates-read': fixtures,
  'resources-subscribe': fixtures,
  'resources-unsubscribe': fixtures,
  'sep-2164-resource-not-found': product,
  'prompts-list': product,
  'prompts-get-simple': fixtures,
  'prompts-get-with-args': fixtures,
  'prompts-get-embedded-resource': fixtures,
  'prompts-get-with-image': fixtures,
  'dns-rebinding-protection': product,
  caching: product,
  'http-header-validation': product,
  'http-custom-header-server-validation': {
    on: 'nothing',
    reason: 'no tool of this server takes an argument from a header (`x-mcp-header`)',
  },
  'input-required-result-basic-elicitation': asksNothing,
  'input-required-result-basic-sampling': asksNothing,
  'input-required-result-basic-list-roots': asksNothing,
  'input-required-result-request-state': asksNothing,
  'input-required-result-multiple-input-requests': asksNothing,
  'input-required-result-multi-round': asksNothing,
  'input-required-result-missing-input-response': asksNothing,
  'input-required-result-non-tool-request': asksNothing,
  'input-required-result-result-type': asksNothing,
  'input-required-result-unsupported-methods': product,
  'input-required-result-tampered-state': asksNothing,
  'input-required-result-capability-check': asksNothing,
  'input-required-result-ignore-extra-params': product,
  'input-required-result-validate-input': product,
};
