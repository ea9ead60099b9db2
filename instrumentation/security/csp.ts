import type { Middleware } from '../http/measure';
import type { Metrics } from '../metrics/metrics';

/**
 * Counts the reports of browsers about violations of the Content Security Policy. Register it behind a JSON parser that
 * accepts `application/csp-report` and `application/reports+json`.
 *
 * @see https://www.w3.org/TR/CSP3/#deprecated-serialize-violation
 * @see https://www.w3.org/TR/reporting-1/#media-type
 */
export function cspReports(metrics: Metrics): Middleware {
  return (request, response) => {
    const { body } = request as { body?: unknown };
    const reports = Array.isArray(body) ? body.slice(0, 20) : [body];
    for (const report of reports) {
      const directive = directiveOf(report);
      if (directive !== undefined) {
        metrics.increment('sightedit_csp_reports_total', { directive });
      }
    }
    response.writeHead(204).end();
  };
}

/** The first word of the directive: some browsers send it with its values. */
function directiveOf(report: unknown): string | undefined {
  const fields = fieldsOf(fieldsOf(report)['csp-report'] ?? fieldsOf(report).body);
  const directive = fields['effective-directive'] ?? fields['violated-directive'] ?? fields.effectiveDirective;
  return typeof directive === 'string' ? directive.slice(0, 64).trim().split(/\s/, 1)[0] : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
