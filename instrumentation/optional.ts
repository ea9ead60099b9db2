/** Tells something once, e.g. a warning in the application's log. */
export type Tell = (message: string) => void;

/**
 * Loads a package that the application may have installed.
 *
 * @param purpose what does not work without it, as the beginning of a sentence
 * @returns undefined when it is not installed, which `tell` then says
 */
export function optionalPackage<T>(name: string, purpose: string, tell: Tell): T | undefined {
  try {
    return require(resolve(name)) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') {
      throw error;
    }
    tell(`${purpose}: the package ${name} is missing. Run "npm install ${name}".`);
    return undefined;
  }
}

/** Node resolves a linked package to its real path, from which the application's own packages are not found. */
function resolve(name: string): string {
  return require.resolve(name, { paths: [__dirname, process.cwd()] });
}
