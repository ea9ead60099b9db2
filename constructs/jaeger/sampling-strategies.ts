import { SettingError } from '../kit';

/** How a client decides at the first span of a trace. */
export type SamplingStrategy =
  | {
      /** A share of the traces. */
      readonly kind: 'share';
      /** The share, from 0 to 1. */
      readonly share: number;
    }
  | {
      /** A number of traces in each second, of each process. */
      readonly kind: 'rate';
      /** Traces in a second. */
      readonly perSecond: number;
    };

/** The strategies that Jaeger serves to clients. */
export interface SamplingStrategies {
  /** Strategy of every service that is not named. */
  readonly default: SamplingStrategy;
  /** Strategies by name of the service. @default - none */
  readonly services?: { readonly [service: string]: SamplingStrategy };
}

/** Jaeger's file of strategies. https://www.jaegertracing.io/docs/2.13/architecture/sampling/ */
export interface StrategyFile {
  readonly default_strategy: StrategyEntry;
  readonly service_strategies: readonly (StrategyEntry & { readonly service: string })[];
}

interface StrategyEntry {
  readonly type: 'probabilistic' | 'ratelimiting';
  readonly param: number;
}

/** @throws SettingError for a share outside 0 to 1, and for a negative rate */
export function strategyFile({ default: fallback, services = {} }: SamplingStrategies): StrategyFile {
  return {
    default_strategy: entry('samplingStrategies.default', fallback),
    service_strategies: Object.entries(services).map(([service, strategy]) => ({
      service,
      ...entry(`samplingStrategies.services.${service}`, strategy),
    })),
  };
}

function entry(setting: string, strategy: SamplingStrategy): StrategyEntry {
  if (strategy.kind === 'share') {
    if (!(strategy.share >= 0 && strategy.share <= 1)) {
      throw new SettingError(`${setting}.share`, strategy.share, 'write a number from 0 to 1');
    }
    return { type: 'probabilistic', param: strategy.share };
  }
  if (!(Number.isFinite(strategy.perSecond) && strategy.perSecond >= 0)) {
    throw new SettingError(`${setting}.perSecond`, strategy.perSecond, 'write a number of traces, zero or more');
  }
  return { type: 'ratelimiting', param: strategy.perSecond };
}
