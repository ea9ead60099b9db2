import * as v from 'valibot';
import { exceeded } from './json-bounds';

/** Largest sizes of a notification. The payload is four levels deep, and an alert has some thirty entries. */
const BOUNDS = { depth: 16, entries: 100_000 } as const;
/** Largest numbers of alerts in a notification, and of labels or annotations of an alert. */
const MAX_ALERTS = 5_000;
const MAX_LABELS = 1_000;
/** An issue quotes the value that it is about. */
const LONGEST_MESSAGE = 1_024;

const labels = v.pipe(v.record(v.string(), v.string()), v.maxEntries(MAX_LABELS));
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
  alerts: v.pipe(
    v.array(
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
    v.maxLength(MAX_ALERTS),
  ),
});

export type Payload = v.InferOutput<typeof payload>;
export type PayloadAlert = Payload['alerts'][number];

/** An invalid notification. The message names the fields. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}

/**
 * Reads the body of a notification. Its size is checked first, and the first wrong field ends it, so no body takes much
 * more memory than it is long.
 *
 * @throws PayloadError for a body that is not JSON, is too large a tree, or has wrong fields
 */
export function parsePayload(body: Uint8Array): Payload {
  const problem = exceeded(body, BOUNDS);
  if (problem) {
    throw new PayloadError(`the body is too large: ${problem}`);
  }
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new PayloadError(`the body is not JSON: ${(error as Error).message}`);
  }
  const result = v.safeParse(payload, document, { abortEarly: true });
  if (!result.success) {
    const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`);
    throw new PayloadError(problems.join('; ').slice(0, LONGEST_MESSAGE));
  }
  return result.output;
}
