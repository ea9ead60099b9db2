import type { CollectorSettings } from '../../formats/otel-collector';
import { literal } from '../otel-collector/config-builder';
import {
  ACCESS_LINE,
  CONTINUATION,
  EVENT_LINES,
  LEVELS,
  METADATA_FIELDS,
  NAMED_STREAMS,
  STATUS_LEVELS,
  TEXT_LEVEL,
  TEXT_LEVEL_GROUPS,
} from './line-format';
import { groupsOf, type LogParsing } from './parsing';

/** A text in an expression of the collector. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function matches(pattern: string): string {
  return `body matches ${quoted(literal(pattern))}`;
}

/** Whether a line is of the containers of a rule. */
function isOf({ namespace, container }: LogParsing): string {
  return `resource["k8s.namespace.name"] == ${quoted(namespace)} and resource["k8s.container.name"] == ${quoted(container)}`;
}

/** Operators for the files of containers, in their order. */
export function podOperators(parsing: readonly LogParsing[]): readonly CollectorSettings[] {
  const patterns = parsing.filter(({ pattern }) => pattern !== undefined);
  return [
    // Joins the parts of a long line, and takes namespace, pod and container from the path.
    { type: 'container', id: 'container' },
    // stdout and stderr are in one file: a stack trace on one must not take in a line of the other.
    {
      type: 'add',
      id: 'source',
      field: 'attributes.source',
      value: 'EXPR(attributes["log.file.path"] + attributes["log.iostream"])',
    },
    {
      type: 'recombine',
      id: 'events',
      combine_field: 'body',
      is_first_entry: firstEntry(parsing),
      source_identifier: 'attributes.source',
      // An event is complete when the next one begins, or after this time: a crash loses what is held back.
      force_flush_period: '1s',
      max_batch_size: EVENT_LINES,
      max_log_size: '256KiB',
    },
    {
      type: 'json_parser',
      id: 'json',
      if: 'body startsWith "{"',
      parse_to: 'attributes.json',
      on_error: 'send_quiet',
    },
    {
      type: 'regex_parser',
      id: 'access',
      if: 'attributes.json == nil and body contains "] \\""',
      regex: literal(ACCESS_LINE),
      parse_to: 'attributes.access',
      on_error: 'send_quiet',
    },
    ...patterns.map((rule, index) => ({
      type: 'regex_parser',
      id: `own-${index}`,
      if: isOf(rule),
      regex: literal(rule.pattern!),
      parse_to: 'attributes',
      on_error: 'send_quiet',
    })),
    ...levelOperators(patterns.length > 0),
    {
      type: 'trace_parser',
      id: 'trace',
      if: 'attributes.json?.trace_id != nil',
      trace_id: { parse_from: 'attributes.json.trace_id' },
      span_id: { parse_from: 'attributes.json.span_id' },
      on_error: 'send_quiet',
    },
    ...METADATA_FIELDS.map((field) => ({
      type: 'move',
      id: `field-${field}`,
      if: `attributes.json?.${field} != nil`,
      from: `attributes.json.${field}`,
      to: `attributes.${field}`,
    })),
    { type: 'add', id: 'stream', field: 'attributes.stream', value: streamExpression() },
    {
      type: 'retain',
      id: 'attributes',
      fields: [
        'stream',
        '["log.iostream"]',
        ...METADATA_FIELDS,
        ...new Set(patterns.flatMap(({ pattern }) => groupsOf(pattern!).filter((group) => group !== 'level'))),
      ].map((field) => (field.startsWith('[') ? `attributes${field}` : `attributes.${field}`)),
    },
  ];
}

function firstEntry(parsing: readonly LogParsing[]): string {
  const own = parsing.flatMap((rule) =>
    rule.firstLine === undefined ? [] : [`(${isOf(rule)}) ? (${matches(rule.firstLine)}) : `],
  );
  return `${own.join('')}not (${matches(CONTINUATION)})`;
}

/** Sets the severity number: from JSON, from the status of a request, from a pattern of the caller, from the text. */
function levelOperators(hasOwn: boolean): readonly CollectorSettings[] {
  const words = (id: string, condition: string, field: string): CollectorSettings => ({
    type: 'severity_parser',
    id,
    if: condition,
    parse_from: field,
    preset: 'none',
    mapping: LEVELS,
    on_error: 'send_quiet',
  });
  const statuses: { [level: string]: string[] } = {};
  for (const [digit, level] of Object.entries(STATUS_LEVELS)) {
    statuses[level] = [...(statuses[level] ?? []), `${digit}xx`];
  }
  return [
    words('level-json', 'attributes.json?.level != nil', 'attributes.json.level'),
    ...(hasOwn ? [words('level-own', 'attributes.json == nil and attributes.level != nil', 'attributes.level')] : []),
    {
      type: 'severity_parser',
      id: 'level-access',
      if: 'attributes.access != nil',
      parse_from: 'attributes.access.status',
      preset: 'none',
      mapping: statuses,
      on_error: 'send_quiet',
    },
    {
      type: 'regex_parser',
      id: 'text',
      if: 'attributes.json == nil and attributes.access == nil and attributes.level == nil',
      regex: literal(TEXT_LEVEL),
      parse_to: 'attributes.text',
      on_error: 'send_quiet',
    },
    {
      type: 'add',
      id: 'text-level',
      if: 'attributes.text != nil',
      field: 'attributes.text.level',
      value: `EXPR(${TEXT_LEVEL_GROUPS.map((group) => `attributes.text.${group}`).join(' + ')})`,
    },
    words('level-text', 'attributes.text != nil', 'attributes.text.level'),
  ];
}

function streamExpression(): string {
  // Not `in`: it fails for a value that is a map, and the line would have no stream.
  const isNamed = NAMED_STREAMS.map((name) => `attributes.json?.log_type == "${name}"`).join(' or ');
  return `EXPR(${isNamed} ? attributes.json.log_type : (attributes.access != nil ? "access" : "application"))`;
}
