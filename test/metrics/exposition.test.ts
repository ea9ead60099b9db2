import { readExposition } from '../../scripts/recording/exposition';

const PAGE = `# HELP demo_requests_total Requests.
# TYPE demo_requests_total counter
demo_requests_total{method="GET",path="/a\\"b,c=\\"d"} 1
demo_requests_total{method="GET",path="",code="200"} 2 1700000000000
# TYPE demo_latency_seconds histogram
demo_latency_seconds_bucket{route="/",le="0.5"} 1
demo_latency_seconds_bucket{route="/",le="+Inf"} 1
demo_latency_seconds_sum{route="/"} 0.2
demo_latency_seconds_count{route="/"} 1
# TYPE demo_age_seconds summary
demo_age_seconds{quantile="0.5"} NaN
demo_age_seconds_sum 0
demo_age_seconds_count 0
# TYPE demo_nothing gauge
# TYPE demo_odd unknown
demo_odd 1
demo_bare_count 3
`;

describe('A page of metrics', () => {
  const { metrics, series } = readExposition([PAGE, 'demo_bare_count{extra="yes"} 1\n']);

  it('names the metrics that have series, with their types and labels', () => {
    expect(metrics).toEqual({
      demo_age_seconds: { type: 'summary' },
      demo_bare_count: { type: 'untyped', labels: ['extra'] },
      demo_latency_seconds: { type: 'histogram', labels: ['route'] },
      demo_odd: { type: 'untyped' },
      demo_requests_total: { type: 'counter', labels: ['code', 'method', 'path'] },
    });
    expect(Object.keys(metrics)).toEqual(Object.keys(metrics).sort());
  });

  it('counts the series by their names', () => {
    expect(Object.fromEntries(series)).toEqual({
      demo_age_seconds: 1,
      demo_age_seconds_count: 1,
      demo_age_seconds_sum: 1,
      demo_bare_count: 2,
      demo_latency_seconds_bucket: 2,
      demo_latency_seconds_count: 1,
      demo_latency_seconds_sum: 1,
      demo_odd: 1,
      demo_requests_total: 2,
    });
  });
});
