const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/**
 * Seconds of a duration such as `90s`, `1h30m` or `0`.
 *
 * @throws Error for another text
 */
export function parseDuration(text: string): number {
  if (text === '0') {
    return 0;
  }
  if (!/^(\d+[smhd])+$/.test(text)) {
    throw new Error(`"${text}" is no duration: write it as in 90s, 20m, 1h30m or 2d`);
  }
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
}

/** A duration as `parseDuration` reads it. */
export function durationText(seconds: number): string {
  const parts = [];
  let left = Math.round(seconds);
  for (const [unit, size] of Object.entries(UNITS).reverse()) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) {
      parts.push(`${count}${unit}`);
    }
  }
  return parts.join('') || '0';
}
