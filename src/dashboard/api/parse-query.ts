import * as z from 'zod';
import type { UsageGroup } from './api-types.ts';

const dayMs = 86_400_000;

/** The periods that the page offers, with their lengths; `all` has no beginning. */
export const periods = {
  '24h': dayMs,
  '7d': 7 * dayMs,
  '30d': 30 * dayMs,
  '90d': 90 * dayMs,
  '365d': 365 * dayMs,
  all: null,
} as const;

export type Period = keyof typeof periods;

/** What is looked at; what is absent lets all pass. */
export interface Filter {
  readonly period: Period;
  /** Absent for `all`. */
  readonly sinceMs?: number;
  readonly agent?: string;
  readonly model?: string;
  readonly project?: string;
  readonly kind?: string;
}

export interface Parsed {
  readonly filter: Filter;
  readonly by: UsageGroup;
  /** IANA name. */
  readonly zone: string;
  readonly outcome?: string;
  readonly before?: { readonly startedAtMs: number; readonly taskId: string };
  readonly limit: number;
  readonly budget?: string;
}

const word = z.string().max(200).optional();

/** `-` stands for what is not known, since an empty value means no filter. */
const part = word.transform((text) => (text === '' ? undefined : text === '-' ? '' : text));

const form = z.object({
  period: z.enum(Object.keys(periods) as [Period, ...Period[]]).default('7d'),
  agent: part,
  model: part,
  project: part,
  kind: part,
  by: z.enum(['agent', 'model', 'project', 'kind']).default('agent'),
  zone: z.string().max(60).refine(isZone, 'must be an IANA time zone, such as Europe/Zurich').default('UTC'),
  outcome: z
    .enum(['approved', 'needs-repair', 'rejected', 'failed', 'aborted', 'running', ''])
    .transform((text) => text || undefined)
    .optional(),
  before: z
    .string()
    .max(300)
    .regex(/^\d{1,15},.+$/, 'must be what `next` of the page before says')
    .transform((text) => {
      const comma = text.indexOf(',');
      return { startedAtMs: Number(text.slice(0, comma)), taskId: text.slice(comma + 1) };
    })
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  budget: word,
});

/** The query of an API request, or what is wrong with it in a sentence. Unknown names are an error: a typing error would filter nothing. */
export function parseQuery(
  query: URLSearchParams,
  nowMs: number,
): { readonly ok: true; readonly query: Parsed } | { readonly ok: false; readonly message: string } {
  const unknown = [...query.keys()].find((name) => !Object.hasOwn(form.shape, name));
  if (unknown !== undefined) {
    const known = Object.keys(form.shape).join(', ');
    return { ok: false, message: `There is no filter "${unknown.slice(0, 60)}"; there are ${known}` };
  }
  const read = form.safeParse(Object.fromEntries(query));
  if (!read.success) {
    const [issue] = read.error.issues;
    return {
      ok: false,
      message: `${String(issue?.path[0] ?? 'query')}: ${issue?.message ?? 'is not valid'}`,
    };
  }
  const { period, agent, model, project, kind, ...rest } = read.data;
  const lengthMs = periods[period];
  const filter = { period, ...(lengthMs !== null && { sinceMs: nowMs - lengthMs }) };
  return {
    ok: true,
    query: defined({ ...rest, filter: defined({ ...filter, agent, model, project, kind }) }),
  };
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the fields that are undefined. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
