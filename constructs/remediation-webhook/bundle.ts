import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../package-root';

/** Where `npm run build` puts the programs; the published package brings them. */
export const BUILT_SERVER = ['lib', 'remediation', 'server.cjs'] as const;
export const BUILT_THREATS = ['lib', 'remediation', 'threats.cjs'] as const;

/** The bundled server is put together by this: an object of Kubernetes is too small for it. */
export const STARTER = `// Joins the parts of the server, which are files of several ConfigMaps, and starts it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
const parts = readdirSync('/app').filter((name) => name.startsWith('server.part-')).sort();
writeFileSync('/tmp/server.cjs', parts.map((name) => readFileSync(\`/app/\${name}\`, 'utf8')).join(''));
await import('/tmp/server.cjs');
`;

/** Size of a part: with its quotes escaped it stays under the limit of an object. */
const PART_BYTES = 150_000;

let built: string | undefined;

/** The server as one file of JavaScript. Compiled code finds it built; in a checkout it is built from the sources. */
export function bundledServer(): string {
  built ??= packaged(BUILT_SERVER) ?? buildServer().code;
  return built;
}

let builtThreats: string | undefined;

/** The programs of threat intelligence as one file of JavaScript. */
export function bundledThreats(): string {
  builtThreats ??= packaged(BUILT_THREATS) ?? buildThreats().code;
  return builtThreats;
}

function packaged(file: readonly string[]): string | undefined {
  const path = packagePath(...file);
  return __dirname.startsWith(packagePath('lib')) && existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Makes `bundledServer()` return a server that `buildServer()` has built from the same sources, in an earlier run. */
export function useServer(code: string): void {
  built = code;
}

/** A bundled server. */
export interface ServerBundle {
  readonly code: string;
  /** The files that it is made of, as paths in the package. */
  readonly inputs: readonly string[];
}

/** Builds the server from its sources. The output depends on the sources and the locked packages alone. */
export function buildServer(): ServerBundle {
  return bundle('main.ts');
}

/** Builds the programs of threat intelligence, in the same way. */
export function buildThreats(): ServerBundle {
  return bundle(join('threats', 'main.ts'));
}

function bundle(program: string): ServerBundle {
  // Needed in a checkout only: the published package does without the compiler.
  const { buildSync } = require('esbuild') as typeof import('esbuild');
  const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { readonly version: string };
  const { outputFiles, metafile } = buildSync({
    entryPoints: [join(packagePath('remediation'), program)],
    absWorkingDir: packagePath(),
    // The names of modules are in the output: a node_modules that is a link, as in a second worktree, changes none of them.
    preserveSymlinks: true,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    external: ['pg-native', 'pg-cloudflare'],
    define: { __VERSION__: JSON.stringify(version) },
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160,
    // The ConfigMaps have no room for the licence texts.
    legalComments: 'none',
    banner: {
      js: '// Licences of the packages in this file: THIRD-PARTY-NOTICES.txt of the package sightedit-monitoring.',
    },
    logLevel: 'error',
    metafile: true,
    write: false,
  });
  return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
}

/** A text in parts that fit into an object each. They are cut between lines. */
export function parts(text: string): readonly string[] {
  const result: string[] = [];
  let current = '';
  for (const line of text.split(/(?<=\n)/)) {
    if (current.length + line.length > PART_BYTES) {
      result.push(current);
      current = '';
    }
    current += line;
  }
  return [...result, current];
}
