/**
 * What a line is made of. The collector's operators and Promtail's stages are both derived from it, so both give a line the
 * same labels.
 */

/** Levels, and the words and numbers that stand for them. The numbers are those of pino and bunyan. */
export const LEVELS = {
  trace: ['trace', 'verbose', '10'],
  debug: ['debug', '20'],
  info: ['info', 'information', 'notice', '30', 'i'],
  warn: ['warn', 'warning', '40', 'w'],
  error: ['error', 'err', 'severe', '50', 'e'],
  fatal: ['fatal', 'critical', 'crit', 'alert', 'emerg', 'emergency', 'panic', '60', 'f'],
} as const satisfies { readonly [level: string]: readonly string[] };

/** Level of a line that names none. */
export const UNKNOWN_LEVEL = 'unknown';

/**
 * Values of the label `stream`. It is a closed list: a pod cannot make streams by writing names into its lines.
 *
 * - `application`, `security`, `business`: a JSON line says so in `log_type`; every other line is of `application`.
 * - `access`: lines in nginx's combined format.
 * - `events`, `node`, `audit`: Kubernetes events, the kubelet and the kernel, the audit log of the API server.
 */
export type LogStream = 'application' | 'security' | 'business' | 'access' | 'events' | 'node' | 'audit';

/** Streams that a JSON line may name in `log_type`. */
export const NAMED_STREAMS = ['security', 'business'] as const satisfies readonly LogStream[];

/**
 * Lines that begin with a blank continue the line before. So do the causes of a Java exception, and the lines of a private
 * key: as lines of their own, no pattern could find and mask them.
 */
export const CONTINUATION = '^(?:$|\\s|Caused by:|Suppressed:|-----END |[A-Za-z0-9+/=]{16,}$)';

/** Longest event of several lines, in lines. */
export const EVENT_LINES = 500;

/** nginx's combined format, as far as the status. */
export const ACCESS_LINE = '^\\S+ \\S+ \\S+ \\[[^\\]]+\\] "[^"]*" (?P<status>[1-5][0-9][0-9]) ';

/**
 * Level of a text: klog's first letter, a word after `level=` or in brackets, or a word in capitals. It stands within the
 * first 60 characters. Exactly one of the groups matches.
 */
export const TEXT_LEVEL = [
  '^(?:(?P<klog>[IWEF])[0-9]{4} ',
  '[^\\n]{0,60}?(?:level=|lvl=|\\[)"?(?P<tagged>(?i:trace|debug|info|notice|warning|warn|error|err|fatal|critical|crit|alert|emerg|panic))\\b',
  '[^\\n]{0,60}?\\b(?P<word>TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|FATAL|CRITICAL|PANIC)\\b)',
].join('|');

/** Groups of `TEXT_LEVEL`. */
export const TEXT_LEVEL_GROUPS = ['klog', 'tagged', 'word'] as const;

/** Fields of a JSON line that become structured metadata. */
export const METADATA_FIELDS = ['user_id'] as const;

/** Level by the first digit of an HTTP status. */
export const STATUS_LEVELS = { '1': 'info', '2': 'info', '3': 'info', '4': 'warn', '5': 'error' } as const;

/** Annotation of pods whose lines are not collected. */
export const OPT_OUT = { annotation: 'log-collector/collect', value: 'false' } as const;

/** Label of pods with the name of the application, then the older one. Without either, it is the name of the container. */
export const APP_LABELS = ['app.kubernetes.io/name', 'app'] as const;

/** Label of pods with the part of the application. */
export const COMPONENT_LABEL = 'app.kubernetes.io/component';

/** Where the kubelet keeps the lines of containers: `<namespace>_<pod>_<uid>/<container>/<restart>.log`. */
export const PODS_PATH = '/var/log/pods';
