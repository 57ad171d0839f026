/**
 * A hard token budget for Claude, with Ollama as the safety net.
 *
 * @packageDocumentation
 */

export { ClaudeSpecialist } from './agents/ClaudeSpecialist.ts';
export { Critic } from './agents/Critic.ts';
export type { Complexity, ComplexityLevel, Signal } from './agents/complexity.ts';
export { ForcedNotAllowedError } from './agents/ForcedNotAllowedError.ts';
export {
  MetaCoordinator,
  type MetaCoordinatorOptions,
  type MetaCoordinatorPorts,
} from './agents/MetaCoordinator.ts';
export { OllamaSpecialist } from './agents/OllamaSpecialist.ts';
export { Router } from './agents/Router.ts';
export type { DecisionCause, RoutingDecision, TokenBudgetStatus } from './agents/routing-decision.ts';
export {
  type AgentName,
  type SendOptions,
  type Specialist,
  SpecialistError,
  type SpecialistFailure,
} from './agents/Specialist.ts';
export type { Strategy } from './agents/strategy.ts';
export type { Issue, IssueKind, Verdict } from './agents/verdict.ts';
export { type App, type AppOptions, createApp } from './app.ts';
export type { Config, Environment } from './config/Config.ts';
export { InvalidConfigError } from './config/InvalidConfigError.ts';
export { AbortedError, type ErrorCode, TeelammaError } from './errors.ts';
export type { DecisionLog, LogEntry } from './logging/LogEntry.ts';
export type { TokenUsage } from './messages/token-usage.ts';
export type { Message, MessageParam, MessagesRequest } from './messages/types.ts';
export { InvalidTaskError } from './pipeline/check-task.ts';
export { type ExecuteOptions, Pipeline, type PipelineOptions, type PipelinePorts } from './pipeline.ts';
export type { BudgetSpec, BudgetStatus, Ledger, LedgerEvent, TurnRecord } from './state/Ledger.ts';
export { openSqliteLedger } from './state/sqlite-ledger.ts';
export type { TaskOutcome, TaskQuery, TaskRecord } from './state/TaskRecord.ts';
export { TokenBudget } from './state/TokenBudget.ts';
export type { UsageDimension, UsageQuery, UsageRow } from './state/usage/UsageQuery.ts';
export type {
  Handover,
  ReviewedAnswer,
  TaskEvent,
  TaskPurpose,
  TaskResult,
  TurnPurpose,
  TurnSummary,
} from './task-events.ts';
export { NoSpecialistAvailableError } from './turn/NoSpecialistAvailableError.ts';
export type { TurnHooks, TurnOptions, TurnPorts, TurnRequest, TurnResult } from './turn/turn-types.ts';
export { Turn } from './turn.ts';
export type { WorkEvent, WorkObserver } from './work-events.ts';
export { AppliedTasks, type ApplyOutcome } from './workspace/apply/AppliedTasks.ts';
export { type FileChange, type FileImage, imageAfter, imageBefore } from './workspace/FileChange.ts';
export type { StagedWork, WorkspaceChecks } from './workspace/WorkspaceChecks.ts';
export { WorkspaceStage } from './workspace/WorkspaceStage.ts';
