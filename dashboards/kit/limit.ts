import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';

/** The limit of an alert, shown in the panel that shows what the alert measures. */
export interface Limit {
  /** Name of the alert. */
  readonly alert: string;
  /** The number in the alert's expression, in the unit of the panel. */
  readonly value: number;
  /** On which side of the limit the alert fires. @default above */
  readonly fires?: 'above' | 'below';
}

/** A line at the limit. */
export function limitLine({ value }: Limit): ThresholdsConfigBuilder {
  return steps('transparent', value, 'red');
}

/** Green on the good side of the limit, red on the other. */
export function limitColors({ value, fires = 'above' }: Limit): ThresholdsConfigBuilder {
  return fires === 'above' ? steps('green', value, 'red') : steps('red', value, 'green');
}

/** No limit, one color. Without it Grafana colors everything above 80 red. */
export function noLimit(): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'text' }]);
}

function steps(base: string, value: number, color: string): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: base },
    { value, color },
  ]);
}
