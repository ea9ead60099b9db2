import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BIN } from '../tools/catalogue';

/** Path of Loki or Promtail, from `.tools/bin` or PATH: their licence forbids that this repository builds or carries them. */
export function findProgram(name: 'loki' | 'promtail'): string | undefined {
  return [BIN, ...(process.env.PATH ?? '').split(delimiter)].map((directory) => join(directory, name)).find(existsSync);
}
