import { Attribution } from '../plan/attribution.js';
import { coverageOf, placeOf } from '../plan/coverage.js';
import type { RememberedPlan } from '../plan/plan-file.js';
import type { ComparedSnapshot } from '../plan/snapshot-compare.js';
import type { Columns, KnownTimes } from '../plan/snapshot-format.js';
import { programFolder } from './finish.js';
import type { Session } from './session.js';

/** What a snapshot covers after a build of some of its targets. */
interface CoveredNow {
  readonly columns: Pick<Columns, 'fixed' | 'followed' | 'unfollowed'>;
  /** By path: places of the targets it belongs to; undefined where paths and places are those of before. */
  readonly readers: readonly (readonly number[])[] | undefined;
  /** The times as they were compared, but for paths that belong to targets that were built. */
  readonly known: KnownTimes;
}

/** A path as it was found now: the places of its targets, and whether links are followed. */
interface Found {
  readonly owners: readonly number[];
  readonly link: boolean;
}

/** So many paths are looked for one by one: to hash all that are covered takes longer. */
const FEW = 32;

/**
 * Of the targets that were built, what the build looked at takes the place of what was covered before: a folder may have
 * other files in it. All else stays. Undefined where something was looked at that belongs to nobody.
 */
export function coveredNow(
  built: {
    readonly session: Session;
    readonly plan: RememberedPlan;
    readonly places: readonly number[];
    readonly names: readonly string[];
  },
  compared: ComparedSnapshot,
  environment: NodeJS.ProcessEnv,
): CoveredNow | undefined {
  const { session, plan, places, names } = built;
  const { root, pipeline } = session;
  const { paths, fixed, followed, times, text } = compared;
  const looked = { touched: session.digester.touched(), lock: session.lockPath, program: programFolder(), environment };
  const coverage = coverageOf(pipeline, names, looked);
  const attribution = new Attribution(pipeline, names);
  const placeByName = new Map(names.map((name, i) => [name, places[i] ?? 0]));
  const isBuilt = new Uint8Array(plan.names.length);
  for (const place of places) isBuilt[place] = 1;

  const lock = placeOf(session.lockPath, root);
  const now = new Map<string, Found>();
  let before: ReadonlyMap<string, number> | undefined;
  const placeBefore = (path: string): number | undefined =>
    (before ??= new Map(paths.map((other, i) => [other, i]))).get(path);
  for (const [set, link] of [
    [coverage.stat, true],
    [coverage.lstat, false],
  ] as const) {
    /** By their list of names, which most paths share. */
    const found = new Map<readonly string[], Found>();
    for (const path of set) {
      if (coverage.loaded.has(path) || path === lock) continue;
      const owned = attribution.of(path);
      let place = found.get(owned);
      if (place === undefined) {
        place = { owners: owned.flatMap((name) => placeByName.get(name) ?? []), link };
        found.set(owned, place);
      }
      if (place.owners.length > 0) now.set(path, place);
      else if (placeBefore(path) === undefined) return undefined;
    }
  }

  // Most often what is covered is the same, and only times are others: then nothing is made anew for the many other paths.
  const isFound = new Uint8Array(paths.length);
  if (now.size <= FEW) for (const path of now.keys()) for (const i of placesOf(paths, path)) isFound[i] = 1;
  else for (const [i, path] of paths.entries()) if (now.has(path)) isFound[i] = 1;
  const concerned: number[] = [];
  for (let i = fixed; i < paths.length; i++) {
    if (isFound[i] === 1 || plan.readers.touches(i, isBuilt)) concerned.push(i);
  }
  const isSame = (i: number): boolean => {
    const old = plan.readers.at(i);
    const found = now.get(paths[i] ?? '');
    const own = old.filter((place) => isBuilt[place] === 1);
    return (
      found !== undefined && own.length === found.owners.length && found.owners.every((place) => old.includes(place))
    );
  };
  const seen = concerned.filter((i) => now.has(paths[i] ?? '')).length;
  if (seen === now.size && concerned.every(isSame)) {
    const links = fixed + followed;
    const retaken = new Set([...concerned, ...placesOf(paths, lock)]);
    return {
      columns: { fixed: paths.slice(0, fixed), followed: paths.slice(fixed, links), unfollowed: paths.slice(links) },
      readers: undefined,
      known: { times, retaken, text },
    };
  }

  const kept = { followed: [] as string[], unfollowed: [] as string[] };
  const readers = { followed: [] as (readonly number[])[], unfollowed: [] as (readonly number[])[] };
  const retaken = new Set<string>();
  let different = false;
  for (let i = fixed; i < paths.length; i++) {
    const path = paths[i] ?? '';
    const old = plan.readers.at(i);
    const others = old.filter((place) => isBuilt[place] === 0);
    const found = now.get(path);
    const section = i < fixed + followed ? 'followed' : 'unfollowed';
    now.delete(path);
    if (others.length < old.length || found !== undefined) retaken.add(path);
    if (others.length === 0 && found === undefined && path !== lock) {
      different = true;
      continue;
    }
    const all = found === undefined ? [...others] : [...new Set([...others, ...found.owners])];
    if (all.length !== old.length || !all.every((place) => old.includes(place))) different = true;
    kept[section].push(path);
    readers[section].push(all);
  }
  for (const [path, { owners, link }] of now) {
    different = true;
    retaken.add(path);
    kept[link ? 'followed' : 'unfollowed'].push(path);
    readers[link ? 'followed' : 'unfollowed'].push(owners);
  }
  const columns = { fixed: paths.slice(0, fixed), ...kept };
  const all = [...columns.fixed, ...columns.followed, ...columns.unfollowed];
  const taken = new Float64Array(all.length * 4);
  const retakenNow = new Set<number>();
  for (const [i, path] of all.entries()) {
    const place = path === lock || retaken.has(path) ? undefined : placeBefore(path);
    if (place === undefined) retakenNow.add(i);
    else taken.set(times.subarray(place * 4, place * 4 + 4), i * 4);
  }
  return {
    columns,
    readers: different
      ? [...paths.slice(0, fixed).map(() => []), ...readers.followed, ...readers.unfollowed]
      : undefined,
    known: { times: taken, retaken: retakenNow },
  };
}

function placesOf(paths: readonly string[], path: string): number[] {
  const place = paths.indexOf(path);
  return place < 0 ? [] : [place];
}
