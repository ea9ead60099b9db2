/** Rules with problems. The message lists all of them, one per line. */
export class CatalogueError extends Error {
  constructor(
    /** The problems, one line each. */
    readonly problems: readonly string[],
  ) {
    super(`The rules have problems:\n  ${problems.join('\n  ')}`);
    this.name = 'CatalogueError';
  }
}
