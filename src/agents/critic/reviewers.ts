/** Which model looks at what the critic would approve. docs/checks.md. */
export const reviewers = ['off', 'ollama', 'claude'] as const;

export type Reviewer = (typeof reviewers)[number];
