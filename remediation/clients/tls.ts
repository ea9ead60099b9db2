import { readFileSync } from 'node:fs';
import type { TlsSettings } from './settings';

/** TLS options of Node for a connection. */
export function tlsOptions({ caFile, verify }: TlsSettings) {
  return { rejectUnauthorized: verify, ca: caFile && readFileSync(caFile) };
}
