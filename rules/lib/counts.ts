import type { JsonObject } from 'vlmbuild';

/** Adds counts by name, as parts keep them, to a sum. */
export function addCounts(sum: Record<string, number>, counts: JsonObject): void {
  for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + Number(count);
}

/** `3 × no reply, 1 × turn cannot be read`, in the byte order of names; empty where there is nothing to count. */
export function countsText(counts: Readonly<Partial<Record<string, number>>>): string {
  return Object.keys(counts)
    .sort()
    .map((name) => `${counts[name] ?? 0} × ${name}`)
    .join(', ');
}

/** `1 row`, `3 rows`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
