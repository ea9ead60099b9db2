import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_DIRECTORY } from '../../scripts/api';
import { apiPages } from '../../scripts/api/page';
import { undocumented, unexported } from '../../scripts/api/problems';
import { readSurface, type Surface, surfaceOf } from '../../scripts/api/surface';

describe('The published declarations', () => {
  let surface: Surface;
  beforeAll(() => {
    surface = readSurface();
  }, 120_000);

  it('explain every exported symbol and every property', () => {
    expect(undocumented(surface)).toEqual([]);
  });

  it('mention no type that the package does not export', () => {
    expect(unexported(surface)).toEqual([]);
  });

  it('make docs/api: run "npm run api"', () => {
    const written = readdirSync(API_DIRECTORY).map((file) => [file, readFileSync(join(API_DIRECTORY, file), 'utf8')]);
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(apiPages(surface)));
  });
});

describe('Declarations with gaps', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const read = (files: { readonly [name: string]: string }): Surface => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    return surfaceOf(directory);
  };

  it('are listed: no docstring, only a tag, a property at any depth', () => {
    const surface = read({
      'index.d.ts': "export * from './server';",
      'server.d.ts': `export interface Props {
  /** Name. */
  readonly name: string;
  /** @default 3 */
  readonly replicas?: number;
  /** Limits. */
  readonly limits: { readonly memory: string };
}
/** A server. */
export declare class Server {
  private readonly secret;
  constructor(props: Props);
  start(): void;
}`,
    });
    expect(undocumented(surface)).toEqual([
      'server: Props has no docstring',
      'server: Props.replicas has no docstring',
      'server: Props.limits.memory has no docstring',
      'server: Server.start has no docstring',
    ]);
  });

  it('are listed: a type that only another file knows', () => {
    const surface = read({
      'index.d.ts': "export { type Props, serve } from './server'; export type { Kept } from './server';",
      'server.d.ts': `import type { Port } from './port';
/** Hidden. */ export interface Hidden { }
/** Kept. */ export interface Kept { }
/** Props. */ export interface Props extends Hidden {
  /** Ports. */ readonly ports: readonly Port[];
  /** Kept. */ readonly kept: Kept;
  /** From a library. */ readonly when: Date;
}
/** Serves. */ export declare function serve<T extends Props>(props: T): import('./port').Port;`,
      'port.d.ts': 'export interface Port { }',
    });
    expect(unexported(surface)).toEqual([
      'server: Props mentions Hidden, which is not exported',
      'server: Props mentions Port, which is not exported',
      'server: serve mentions Port, which is not exported',
    ]);
  });
});
