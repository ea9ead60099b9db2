import type { CollectorSettings } from '../../formats/otel-collector';
import { literal } from '../otel-collector/config-builder';
import { LEVELS } from './line-format';

/** Beginning of a line of syslog, in the old and the new form, with the name of the program. */
export const SYSLOG_LINE =
  '^(?:(?P<time>\\d{4}-\\d\\d-\\d\\dT\\S+)|[A-Z][a-z]{2} [ \\d]\\d [\\d:]{8}) \\S+ (?P<program>kernel|kubelet)(?:\\[\\d+\\])?: ';

/** The level of klog, at the beginning of a line, or behind the name of the program. */
export const KLOG_LETTER = '(?:^|kubelet(?:\\[\\d+\\])?: )(?P<letter>[IWEF])[0-9]{4} ';

/**
 * Operators for the logs of the node. Lines of other programs than the kernel and the kubelet are dropped: a syslog file
 * also has logins and mail.
 */
export function nodeOperators(): readonly CollectorSettings[] {
  return [
    {
      type: 'regex_parser',
      id: 'syslog',
      regex: literal(SYSLOG_LINE),
      parse_to: 'attributes',
      on_error: 'send_quiet',
    },
    { type: 'regex_parser', id: 'klog', regex: literal(KLOG_LETTER), parse_to: 'attributes', on_error: 'send_quiet' },
    {
      // In a file of its own, the kubelet writes lines without the prefix of syslog.
      type: 'add',
      id: 'kubelet',
      if: 'attributes.program == nil and attributes.letter != nil',
      field: 'attributes.program',
      value: 'kubelet',
    },
    { type: 'filter', id: 'programs', expr: 'attributes.program == nil' },
    {
      // The old form has neither year nor zone: such a line gets the time at which it is read.
      type: 'time_parser',
      id: 'time',
      if: 'attributes.time != nil and attributes.time != ""',
      parse_from: 'attributes.time',
      layout_type: 'gotime',
      layout: '2006-01-02T15:04:05.999999999Z07:00',
      on_error: 'send_quiet',
    },
    {
      type: 'severity_parser',
      id: 'severity',
      if: 'attributes.program == "kubelet" and attributes.letter != nil',
      parse_from: 'attributes.letter',
      preset: 'none',
      mapping: LEVELS,
      on_error: 'send_quiet',
    },
    { type: 'move', id: 'app', from: 'attributes.program', to: 'resource.app' },
    { type: 'add', id: 'stream', field: 'attributes.stream', value: 'node' },
    { type: 'retain', id: 'attributes', fields: ['attributes.stream'] },
  ];
}

/** Operators for the audit log of the API server. An answer of 400 or more is a warning. */
export function auditOperators(): readonly CollectorSettings[] {
  return [
    { type: 'filter', id: 'json', expr: 'not (body startsWith "{")' },
    { type: 'json_parser', id: 'event', parse_to: 'attributes.json', on_error: 'send_quiet' },
    {
      type: 'time_parser',
      id: 'time',
      if: 'attributes.json?.stageTimestamp != nil',
      parse_from: 'attributes.json.stageTimestamp',
      layout_type: 'gotime',
      layout: '2006-01-02T15:04:05.999999999Z07:00',
      on_error: 'send_quiet',
    },
    {
      type: 'severity_parser',
      id: 'severity',
      if: 'attributes.json?.responseStatus?.code != nil',
      parse_from: 'attributes.json.responseStatus.code',
      preset: 'none',
      mapping: { info: ['1xx', '2xx', '3xx'], warn: ['4xx'], error: ['5xx'] },
      on_error: 'send_quiet',
    },
    {
      type: 'move',
      id: 'user',
      if: 'attributes.json?.user?.username != nil',
      from: 'attributes.json.user.username',
      to: 'attributes.user_id',
    },
    { type: 'add', id: 'app', field: 'resource.app', value: 'kube-apiserver' },
    { type: 'add', id: 'stream', field: 'attributes.stream', value: 'audit' },
    { type: 'retain', id: 'attributes', fields: ['attributes.stream', 'attributes.user_id'] },
  ];
}
