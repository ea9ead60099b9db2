import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const processes = new Set<() => Promise<void>>();
const directories = new Set<string>();

/** Registers a process to stop at the end of the test file or the script. Returns a function that unregisters it. */
export function stopAtEnd(stop: () => Promise<void>): () => void {
  processes.add(stop);
  return () => processes.delete(stop);
}

/** Creates a directory that is removed at the end of the test file or the script. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  directories.add(directory);
  return directory;
}

/**
 * Stops the registered processes, then removes the directories. Jest calls it after each test file, a script at its
 * end.
 */
export async function cleanUp(): Promise<void> {
  await Promise.all([...processes].map((stop) => stop()));
  for (const directory of directories) {
    rmSync(directory, { recursive: true, force: true });
  }
}

if ('afterAll' in globalThis) {
  afterAll(cleanUp);
}
