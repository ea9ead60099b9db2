/** Rules with problems. The message lists all of them, one per line. */
export class CatalogueError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The rules have problems:\n  ${problems.join('\n  ')}`);
    this.name = 'CatalogueError';
  }
}
