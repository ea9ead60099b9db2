/** What happened, and when. */
export class Timeline {
  private readonly steps: { readonly what: string; readonly time: number }[] = [];

  add(what: string, time: Date | number | string = Date.now()): void {
    this.steps.push({ what, time: new Date(time).getTime() });
  }

  /** Prints each step with the seconds since the first and since the one before. */
  print(title: string, ...notes: readonly string[]): void {
    const steps = [...this.steps].sort((one, other) => one.time - other.time);
    const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`.padStart(8);
    const lines = steps.map(({ what, time }, index) => {
      const before = steps[index - 1] ?? steps[0]!;
      return `  ${seconds(steps[0]!.time, time)}  +${seconds(before.time, time).trimStart().padEnd(8)} ${what}`;
    });
    process.stdout.write(`\n${[title, ...lines, ...notes.map((note) => `  ${note}`)].join('\n')}\n\n`);
  }
}
