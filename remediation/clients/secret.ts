import { readFileSync } from 'node:fs';

/** The content of a Secret's file without the line break that editors and `kubectl --from-file` leave at its end. */
export function secretOf(file: string): string {
  return readFileSync(file, 'utf8').replace(/[\r\n]+$/, '');
}
