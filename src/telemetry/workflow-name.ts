/** `gen_ai.workflow.name` of a task: two specialists and a critic, coordinated. */
export const workflowName = 'teelamma-task';
