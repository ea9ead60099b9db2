import * as v from 'valibot';

const labels = v.record(v.string(), v.string());
/** JavaScript also accepts years of five digits. RFC 3339 does not, and the API server would reject the record. */
const time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/, 'Invalid time: expected RFC 3339'),
  v.check((value) => /^\d{4}-/.test(utc(value)), 'Invalid time: this day or hour does not exist'),
);

function utc(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/**
 * The part of Alertmanager's webhook payload, version 4, that the server reads. Unknown fields are allowed at every
 * level, because new releases add some. https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
const payload = v.looseObject({
  version: v.literal('4'),
  groupKey: v.string(),
  truncatedAlerts: v.optional(v.number(), 0),
  receiver: v.string(),
  alerts: v.array(
    v.looseObject({
      /** Status of this alert. The status of the group is `firing` while any of its alerts is. */
      status: v.picklist(['firing', 'resolved']),
      labels: v.intersect([labels, v.looseObject({ alertname: v.pipe(v.string(), v.nonEmpty()) })]),
      annotations: v.optional(labels, {}),
      startsAt: time,
      endsAt: v.optional(v.string()),
      generatorURL: v.optional(v.string()),
      fingerprint: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,32}$/)),
    }),
  ),
});

export type Payload = v.InferOutput<typeof payload>;
export type PayloadAlert = Payload['alerts'][number];

/** An invalid notification. The message names the fields. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}

/**
 * Reads the body of a notification.
 *
 * @throws PayloadError for a body that is not JSON, or has wrong fields
 */
export function parsePayload(text: string): Payload {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new PayloadError(`the body is not JSON: ${(error as Error).message}`);
  }
  const result = v.safeParse(payload, document);
  if (!result.success) {
    const problems = result.issues.slice(0, 5).map((issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`);
    throw new PayloadError(problems.join('; '));
  }
  return result.output;
}
