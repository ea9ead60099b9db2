import { SettingError } from '../kit';
import { checkCount, checkGoDuration, checkHost } from '../kit/checks';
import type { ProbeModule } from './probe-modules';

/** The kinds of probe that the package runs. `grpc` and `unix` need what a pod of the exporter does not have. */
export const PROBERS = ['http', 'tcp', 'dns', 'icmp'] as const;

/** A kind of probe. */
export type Prober = (typeof PROBERS)[number];

/**
 * Checks a module, as far as the exporter would refuse it or could not run it.
 *
 * @param setting name of the module, for messages
 * @throws SettingError
 */
export function checkModule(setting: string, module: ProbeModule): void {
  const { prober, timeout, ...sections } = module;
  if (!(PROBERS as readonly string[]).includes(prober)) {
    throw new SettingError(`${setting}.prober`, prober, `write one of ${PROBERS.join(', ')}`);
  }
  for (const section of Object.keys(sections)) {
    if (section !== prober) {
      throw new SettingError(
        `${setting}.${section}`,
        sections[section as Prober],
        `the prober is ${prober}: remove it`,
      );
    }
  }
  if (timeout !== undefined) {
    checkGoDuration(`${setting}.timeout`, timeout);
  }
  checkHttp(setting, module);
  checkDns(setting, module);
  checkPatterns(`${setting}.${prober}`, sections[prober as Prober]);
  if (module.icmp?.dont_fragment) {
    const fix = 'it needs the capability NET_RAW, which Pod Security restricted forbids: remove it';
    throw new SettingError(`${setting}.icmp.dont_fragment`, true, fix);
  }
  if (module.icmp?.payload_size !== undefined) {
    checkCount(`${setting}.icmp.payload_size`, module.icmp.payload_size);
  }
}

function checkHttp(setting: string, { http = {} }: ProbeModule): void {
  const { fail_if_ssl, fail_if_not_ssl, valid_status_codes = [], fail_if_header_not_matches = [] } = http;
  if (fail_if_ssl && fail_if_not_ssl) {
    throw new SettingError(`${setting}.http.fail_if_ssl`, true, 'no answer could pass both: remove fail_if_not_ssl');
  }
  for (const code of valid_status_codes) {
    if (!Number.isInteger(code) || code < 100 || code > 599) {
      throw new SettingError(`${setting}.http.valid_status_codes`, code, 'write status codes from 100 to 599');
    }
  }
  for (const { header } of fail_if_header_not_matches) {
    if (!header) {
      throw new SettingError(`${setting}.http.fail_if_header_not_matches`, header, 'name the header');
    }
  }
}

/** Types of records, as the exporter's library knows the usual ones. */
const RECORD = /^[A-Z][A-Z0-9]*$/;

function checkDns(setting: string, { prober, dns }: ProbeModule): void {
  if (prober !== 'dns') {
    return;
  }
  if (!dns?.query_name) {
    throw new SettingError(`${setting}.dns.query_name`, dns?.query_name, 'write the name to ask for');
  }
  if (dns.query_name !== '.') {
    checkHost(`${setting}.dns.query_name`, dns.query_name);
  }
  if (dns.query_type !== undefined && !RECORD.test(dns.query_type)) {
    throw new SettingError(`${setting}.dns.query_type`, dns.query_type, 'write a type of records, e.g. A, AAAA or MX');
  }
}

/** Fields that hold RE2 expressions: the exporter does not start with an invalid one, or fails each probe. */
const PATTERN = /regexp$|^expect$/;

function checkPatterns(setting: string, value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach((element, index) => {
      checkPatterns(`${setting}[${index}]`, element);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, child] of Object.entries(value)) {
      for (const pattern of PATTERN.test(name) ? [child].flat() : []) {
        if (typeof pattern === 'string' && !isPattern(pattern)) {
          throw new SettingError(`${setting}.${name}`, pattern, 'write a regular expression in the syntax of RE2');
        }
      }
      checkPatterns(`${setting}.${name}`, child);
    }
  }
}

/** JavaScript knows most of RE2's syntax, except flags such as `(?i)`. */
function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern.replaceAll(/\(\?[imsU]+\)/g, ''));
    return true;
  } catch {
    return false;
  }
}
