import type { CollectorSettings } from '../../formats/otel-collector';
import { SettingError } from '../kit';
import { checkCount } from '../kit/checks';

/** Which traces are kept. A trace that one of the rules keeps is kept whole. Every trace with an error is kept. */
export interface TraceSampling {
  /** Percent of the traces that no other rule keeps. @default 10 */
  readonly percent?: number;
  /** Milliseconds from the first to the last span of a trace that is kept as slow. @default 2000 */
  readonly slowMilliseconds?: number;
  /** Milliseconds for routes that are slower, or must be faster, than others, by `http.route`. @default - none */
  readonly slowRoutes?: { readonly [route: string]: number };
  /** Values of `http.route` that are requested so rarely that every trace is kept, e.g. `/admin/export`. @default - none */
  readonly rareRoutes?: readonly string[];
  /**
   * Seconds from the first span of a trace to the decision. Spans that come later follow the decision. A crash of the
   * collector loses the traces of this time.
   * @default 10
   */
  readonly decisionSeconds?: number;
  /** Traces in a second, all replicas together, before sampling. Memory follows from it. @default 200 */
  readonly tracesPerSecond?: number;
}

/** Defaults of `TraceSampling`. */
const SAMPLING_DEFAULTS = {
  percent: 10,
  slowMilliseconds: 2000,
  slowRoutes: {},
  rareRoutes: [],
  decisionSeconds: 10,
  tracesPerSecond: 200,
} as const;

/** The sampling with its defaults. */
export type ResolvedSampling = Required<TraceSampling>;

/** @throws SettingError for a value out of its range */
export function resolveSampling(sampling: TraceSampling = {}): ResolvedSampling {
  const resolved: ResolvedSampling = { ...SAMPLING_DEFAULTS, ...sampling };
  if (!(resolved.percent >= 0 && resolved.percent <= 100)) {
    throw new SettingError('sampling.percent', resolved.percent, 'write a number from 0 to 100');
  }
  for (const setting of ['slowMilliseconds', 'decisionSeconds', 'tracesPerSecond'] as const) {
    checkCount(`sampling.${setting}`, resolved[setting]);
  }
  for (const [route, milliseconds] of Object.entries(resolved.slowRoutes)) {
    checkCount(`sampling.slowRoutes.${route}`, milliseconds);
  }
  return resolved;
}

/** Traces that wait for their decision, with room for a peak of four times the rate. */
function waitingTraces({ decisionSeconds, tracesPerSecond }: ResolvedSampling): number {
  return Math.max(10_000, tracesPerSecond * decisionSeconds * 4);
}

/**
 * Mebibytes for the traces that wait, beside the collector itself: 20 KB for each, which is ten spans of 2 KB.
 */
export function samplingMebibytes(sampling: ResolvedSampling, samplers: number): number {
  return Math.ceil((waitingTraces(sampling) * 20_000) / samplers / 2 ** 20);
}

/** Settings of the processor that decides. */
export function tailSampling(sampling: ResolvedSampling): CollectorSettings {
  const { percent, slowMilliseconds, slowRoutes, rareRoutes, decisionSeconds, tracesPerSecond } = sampling;
  const traces = waitingTraces(sampling);
  const routes = Object.entries(slowRoutes);
  return {
    decision_wait: `${decisionSeconds}s`,
    num_traces: traces,
    expected_new_traces_per_sec: tracesPerSecond,
    // Spans that come after the decision follow it: an id costs some bytes, and a lost span the whole trace.
    decision_cache: { sampled_cache_size: traces * 2, non_sampled_cache_size: traces * 4 },
    // The first policy that keeps the trace ends the evaluation.
    sample_on_first_match: true,
    policies: [
      { name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } },
      ...(rareRoutes.length > 0 ? [{ name: 'rare-routes', ...routeIs(rareRoutes) }] : []),
      ...routes.map(([route, milliseconds], index) => slowRoute(`slow-route-${index}`, route, milliseconds)),
      slowOthers(
        slowMilliseconds,
        routes.map(([route]) => route),
      ),
      { name: 'share', type: 'probabilistic', probabilistic: { sampling_percentage: percent } },
    ],
  };
}

function routeIs(routes: readonly string[], options: object = {}) {
  return { type: 'string_attribute', string_attribute: { key: 'http.route', values: routes, ...options } };
}

function slowRoute(name: string, route: string, milliseconds: number) {
  const policies = [
    { name: 'route', ...routeIs([route]) },
    { name: 'slow', type: 'latency', latency: { threshold_ms: milliseconds } },
  ];
  return { name, type: 'and', and: { and_sub_policy: policies } };
}

function slowOthers(milliseconds: number, excluded: readonly string[]) {
  const slow = { type: 'latency', latency: { threshold_ms: milliseconds } };
  if (excluded.length === 0) {
    return { name: 'slow', ...slow };
  }
  const policies = [
    { name: 'other-route', ...routeIs(excluded, { invert_match: true }) },
    { name: 'slow', ...slow },
  ];
  return { name: 'slow', type: 'and', and: { and_sub_policy: policies } };
}

/** The processor that keeps the traces with an error among those that were kept: they arrive whole. */
export function errorsOnly({ tracesPerSecond }: ResolvedSampling): CollectorSettings {
  return {
    decision_wait: '2s',
    num_traces: Math.max(10_000, tracesPerSecond * 8),
    policies: [{ name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } }],
  };
}

/** Most samplers: each costs a pipeline of every collector in front. */
export const MOST_SAMPLERS = 16;

/**
 * The condition that drops the spans of other samplers: each has a range of the last two digits of trace ids. The range
 * of a trace depends on nothing but the number of samplers, so every collector in front finds the same one.
 *
 * @param sampler index, from 0
 * @param samplers their number
 */
export function otherSamplers(sampler: number, samplers: number): string {
  const digits = 'Substring(span.trace_id.string, 30, 2)';
  const bound = (index: number) => Math.ceil((index * 256) / samplers);
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  const conditions = [
    ...(sampler > 0 ? [`${digits} < "${hex(bound(sampler))}"`] : []),
    ...(sampler < samplers - 1 ? [`${digits} >= "${hex(bound(sampler + 1))}"`] : []),
  ];
  return conditions.join(' or ');
}
