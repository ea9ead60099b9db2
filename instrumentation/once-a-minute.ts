const PAUSE_MS = 60_000;

/** Returns a function that tells whether a minute has passed since it last returned true for a key. */
export function onceAMinute(): (key: string) => boolean {
  const last = new Map<string, number>();
  return (key) => {
    const now = Date.now();
    const isDue = now - (last.get(key) ?? 0) > PAUSE_MS;
    if (isDue) {
      last.set(key, now);
    }
    return isDue;
  };
}
