/** A target as references and the command line name it: `split.train@mode=text`. */
export interface TargetName {
  readonly base: string;
  readonly output: string | undefined;
  readonly selectors: readonly (readonly [key: string, value: string])[];
}

/** Takes a text apart that could name a target. Undefined for what cannot. */
export function parseTargetName(text: string): TargetName | undefined {
  const match =
    /^([A-Za-z_][A-Za-z0-9_-]*)(?:\.([A-Za-z_][A-Za-z0-9_-]*))?((?:@[A-Za-z_][A-Za-z0-9_-]*=[A-Za-z0-9._+-]+)*)$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, base = '', output, suffix = ''] = match;
  const selectors = suffix
    .split('@')
    .slice(1)
    .map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
    });
  return { base, output, selectors };
}

/** The instances that all selectors fit: every instance where there are none. */
export function selectInstances<T extends { readonly matrix: Readonly<Record<string, string>> }>(
  instances: readonly T[],
  selectors: TargetName['selectors'],
): T[] {
  return instances.filter(({ matrix }) =>
    selectors.every(([key, value]) => Object.hasOwn(matrix, key) && matrix[key] === value),
  );
}
