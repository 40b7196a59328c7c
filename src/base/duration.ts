const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `1h30m`, `1.5h`; a bare number is seconds. Undefined for what is no duration above zero. */
export function parseDuration(text: string): number | undefined {
  const compact = text.trim();
  if (/^\d+(\.\d+)?$/.test(compact)) return positive(Number(compact) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(compact)) return undefined;
  let total = 0;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  return positive(total);
}

function positive(ms: number): number | undefined {
  return ms > 0 && ms <= Number.MAX_SAFE_INTEGER ? Math.round(ms) : undefined;
}
