/** Writes one line of JSON, in the format of the application's log, so that one query finds both. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: { readonly [name: string]: unknown },
) => void;

export const jsonLog: Log = (level, message, fields = {}) => {
  const line = { timestamp: new Date().toISOString(), level, component: 'remediation-webhook', message, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
