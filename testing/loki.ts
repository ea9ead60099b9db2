import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BIN } from '../tools/catalogue';

/** Path of the program `loki`, from `.tools/bin` or PATH: its licence forbids that this repository builds or carries it. */
export function findLoki(): string | undefined {
  return [BIN, ...(process.env.PATH ?? '').split(delimiter)]
    .map((directory) => join(directory, 'loki'))
    .find(existsSync);
}
