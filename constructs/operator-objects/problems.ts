/** Objects that cannot be turned into scrape jobs or rules. The message lists every problem, one per line. */
export class OperatorObjectsError extends Error {
  constructor(
    /** The problems, one line each: the object, its field, and the fix. */
    readonly problems: readonly string[],
  ) {
    super(`Objects of prometheus-operator cannot be adopted:\n  ${problems.join('\n  ')}`);
    this.name = 'OperatorObjectsError';
  }
}
