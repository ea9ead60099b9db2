/** Links between data sources: from exemplars, spans and lines. */

/** What the trace id of an exemplar leads to. */
export function exemplarLinks(tracesUid: string | undefined) {
  return tracesUid === undefined
    ? undefined
    : [{ name: 'trace_id', datasourceUid: tracesUid, urlDisplayLabel: 'Open the trace' }];
}

/**
 * Settings of a Jaeger: links from spans to lines and metrics, and the graph of a trace. `$$` is a dollar sign for Grafana.
 *
 * https://grafana.com/docs/grafana/latest/datasources/jaeger/
 */
export function jaegerSettings(logsUid: string | undefined, metricsUid: string | undefined) {
  return {
    nodeGraph: { enabled: true },
    // Without the time of the trace, Jaeger looks through everything.
    traceIdTimeParams: { enabled: true },
    tracesToLogsV2: logsUid === undefined ? undefined : spanLines(logsUid),
    tracesToMetrics: metricsUid === undefined ? undefined : spanRequests(metricsUid),
  };
}

function spanLines(datasourceUid: string) {
  return {
    datasourceUid,
    spanStartTimeShift: '-5m',
    spanEndTimeShift: '5m',
    tags: [{ key: 'k8s.namespace.name', value: 'namespace' }],
    customQuery: true,
    query: '{$${__tags}} | trace_id = "$${__trace.traceId}"',
  };
}

function spanRequests(datasourceUid: string) {
  const calls = (more: string) => `sum(rate(traces_span_metrics_calls_total{span_name="$$\{__span.name}"${more}}[5m]))`;
  return {
    datasourceUid,
    spanStartTimeShift: '-30m',
    spanEndTimeShift: '30m',
    queries: [
      { name: 'Requests per second', query: calls('') },
      { name: 'Errors per second', query: calls(', status_code="STATUS_CODE_ERROR"') },
    ],
  };
}
