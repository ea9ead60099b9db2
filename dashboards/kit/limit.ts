import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';

/** The limit of an alert, for the panel that shows the same measure. */
export interface Limit {
  /** Name of the alert. */
  readonly alert: string;
  /** The number in the alert's expression, in the unit of the panel. */
  readonly value: number;
  /** On which side of the limit the alert fires. @default above */
  readonly fires?: 'above' | 'below';
}

/**
 * A line at the limit.
 *
 * @internal
 */
export function limitLine({ value }: Limit): ThresholdsConfigBuilder {
  return steps('transparent', value, 'red');
}

/**
 * Red where the alert fires, green elsewhere.
 *
 * @internal
 */
export function limitColors({ value, fires = 'above' }: Limit): ThresholdsConfigBuilder {
  return fires === 'above' ? steps('green', value, 'red') : steps('red', value, 'green');
}

/**
 * No limit, one color. By default Grafana colors every value above 80 red.
 *
 * @internal
 */
export function noLimit(): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'text' }]);
}

function steps(base: string, value: number, color: string): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: base },
    { value, color },
  ]);
}
