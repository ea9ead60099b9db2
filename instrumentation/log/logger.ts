import { optionalPackage } from '../optional';
import { textOf } from '../text';
import { getSpanId, getTraceId } from '../trace/tracing';
import { redact, redactText } from './redact';

/** Importance of a log line. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Further fields of a log line. Secrets in them are replaced. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A line of the security stream. */
export interface SecurityLine {
  /** Type of the event, e.g. `brute_force`. */
  readonly event_type: string;
  /** The user, as the setting `identities` writes it. */
  readonly user_id?: string;
  /** Address of the client. */
  readonly source_ip?: string;
  /** `User-Agent` of the client. */
  readonly user_agent?: string;
  /** What the client did, e.g. `login_failed`. */
  readonly action: string;
  /** What it did it to, e.g. a route. */
  readonly resource?: string;
  /** What became of it: `rejected`, `allowed` or `reported`. */
  readonly result: string;
  /** By the risk score. */
  readonly risk_level: string;
  /** Anything else about the event. */
  readonly details?: LogFields;
}

/** A line of the business stream. */
export interface BusinessLine {
  /** Name of the event, e.g. `save_operation`. */
  readonly event_name: string;
  /** The user, as the setting `identities` writes it. */
  readonly user_id?: string;
  /** The session, as the setting `identities` writes it. */
  readonly session_id?: string;
  /** Type of the editor. */
  readonly editor_type?: string;
  /** The feature that was used. */
  readonly feature?: string;
  /** A number of the event, e.g. an amount. */
  readonly value?: number;
  /** Anything else about the event. */
  readonly metadata?: LogFields;
}

/** A line of the access stream. */
export interface AccessLine {
  /** HTTP method. */
  readonly method: string;
  /** Template of the route. */
  readonly route: string;
  /** HTTP status. */
  readonly status: number;
  /** Seconds. */
  readonly duration: number;
}

/** Writes the four log streams as JSON lines. Each line has the ids of the active trace and span. */
export interface Logger {
  /** Writes a line that only debugging needs. */
  debug(message: string, fields?: LogFields): void;
  /** Writes a line about normal work. */
  info(message: string, fields?: LogFields): void;
  /** Writes a line about something unusual. */
  warn(message: string, fields?: LogFields): void;
  /** Writes a line about a failure. Pass an Error as the field `error`. */
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines have the field `component`. */
  child(component: string): Logger;
  /** Writes a line of the security stream. */
  security(line: SecurityLine): void;
  /** Writes a line of the business stream. */
  business(line: BusinessLine): void;
  /** Writes a line of the access stream. */
  access(line: AccessLine): void;
}

/** Settings of a logger. */
export interface LoggerOptions {
  /** Lines below it are dropped. @default info */
  readonly level?: Level;
  /** Field `component` of the lines. @default - none */
  readonly component?: string;
  /** Receives each line, with its line break. @default - standard output, through pino if it is installed */
  readonly write?: (line: string) => void;
}

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

type Write = (record: Record<string, unknown>) => void;

/** Creates a logger. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', component, write } = options;
  return loggerOf(write ? writeTo(write) : standardOutput(), LEVELS.indexOf(level), component);
}

function loggerOf(write: Write, lowest: number, component: string | undefined): Logger {
  const line = (level: Level, fields: LogFields) => {
    write({ timestamp: new Date().toISOString(), level, ...fields, trace_id: getTraceId(), span_id: getSpanId() });
  };
  const application =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(level) >= lowest) {
        line(level, { ...(redact(fields) as object), message: redactText(textOf(message)), component });
      }
    };
  const stream = (log_type: string) => (fields: object) => line('info', { ...(redact(fields) as object), log_type });
  return {
    debug: application('debug'),
    info: application('info'),
    warn: application('warn'),
    error: application('error'),
    child: (name) => loggerOf(write, lowest, name),
    security: stream('security'),
    business: stream('business'),
    access: stream('access'),
  };
}

function writeTo(write: (line: string) => void): Write {
  return (record) => write(`${JSON.stringify(record)}\n`);
}

/** What this library uses of pino. */
interface Pino {
  (options: object, destination: unknown): Readonly<Record<string, (fields: object, message?: string) => void>>;
  destination(options: object): unknown;
}

/** pino writes without blocking the event loop when the reader of the output is slow. */
function standardOutput(): Write {
  const stdout = writeTo((text) => process.stdout.write(text));
  const tell = (message: string) => stdout({ timestamp: new Date().toISOString(), level: 'warn', message });
  const pino = optionalPackage<Pino>('pino', 'Log lines are written synchronously', tell);
  if (!pino) {
    return stdout;
  }
  const options = {
    ...{ level: 'debug', base: null, messageKey: 'message', formatters: { level: (level: string) => ({ level }) } },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
  };
  const logger = pino(options, pino.destination({ fd: 1, sync: false }));
  return ({ level, timestamp: _, message, ...fields }) => logger[`${level}`]?.(fields, message as string | undefined);
}
