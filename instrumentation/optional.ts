/** Tells something once, e.g. a warning in the application's log. */
export type Tell = (message: string) => void;

/**
 * Loads a package that the application may have installed.
 *
 * @param purpose what does not work without it, as the beginning of a sentence
 * @returns undefined when it is not installed, which `tell` then says
 * @throws whatever an installed package throws when it is loaded
 */
export function optionalPackage<T>(name: string, purpose: string, tell: Tell): T | undefined {
  const path = resolve(name);
  if (path === undefined) {
    tell(`${purpose}: the package ${name} is missing. Run "npm install ${name}".`);
  }
  return path === undefined ? undefined : (require(path) as T);
}

/** Node resolves a linked package to its real path, from which the application's own packages are not found. */
function resolve(name: string): string | undefined {
  try {
    return require.resolve(name, { paths: [__dirname, process.cwd()] });
  } catch {
    return undefined;
  }
}
