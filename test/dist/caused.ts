/**
 * The problems that a change causes: those after it, without those before it. What `dist/` itself reports fails its own
 * test, and not every control as well.
 */
export function causedProblems(before: readonly string[], after: readonly string[]): string[] {
  const known = [...before];
  return after.filter((problem) => {
    const index = known.indexOf(problem);
    if (index >= 0) {
      known.splice(index, 1);
    }
    return index < 0;
  });
}
