import { compareBytes } from '../base/order.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { JoinedPart } from './joined-parts.js';
import type { DirectoryEntry } from './kind.js';
import { twinKey } from './listing.js';
import { Turn } from './pieces.js';

interface Place {
  readonly spelling: string;
  readonly isFolder: boolean;
  readonly part: string;
}

/**
 * The union of parts' directories, in byte order. One name may come from several parts if the content is the same.
 *
 * @throws UserFacingError where two parts disagree about a name: other content, a file where the other has a folder, or
 *   names that differ only in case or Unicode form.
 */
export async function joinEntries(
  parts: Iterable<JoinedPart>,
  entriesOf: (part: JoinedPart) => readonly DirectoryEntry[],
): Promise<DirectoryEntry[]> {
  const entries = new Map<string, { readonly entry: DirectoryEntry; readonly part: string }>();
  const places = new Map<string, Place>();
  const turn = new Turn();
  for (const part of parts) {
    const { id } = part;
    for (const entry of entriesOf(part)) {
      const same = entries.get(entry.name);
      if (same === undefined) {
        for (const place of placesOf(entry.name, id)) claim(place, places);
        entries.set(entry.name, { entry, part: id });
      } else if (same.entry.sha256 !== entry.sha256 || same.entry.executable !== entry.executable)
        throw new UserFacingError(artifactErrors.entryClash(entry.name, same.part, id, 'with different content'));
    }
    if (turn.due(1 << 16)) await turn.pass();
  }
  return [...entries.values()].map(({ entry }) => entry).sort((a, b) => compareBytes(a.name, b.name));
}

/** The file itself and the folders above it. */
function placesOf(name: string, part: string): Place[] {
  const places: Place[] = [{ spelling: name, isFolder: false, part }];
  for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1))
    places.push({ spelling: name.slice(0, slash), isFolder: true, part });
  return places;
}

function claim(place: Place, places: Map<string, Place>): void {
  const key = twinKey(place.spelling);
  const other = places.get(key);
  if (other === undefined) {
    places.set(key, place);
    return;
  }
  if (other.spelling !== place.spelling) {
    const why = `and \`${other.spelling}\`, which differs only in case or in Unicode form`;
    throw new UserFacingError(artifactErrors.entryClash(place.spelling, other.part, place.part, why));
  }
  if (other.isFolder !== place.isFolder) {
    const why = 'one as a file, one as a folder';
    throw new UserFacingError(artifactErrors.entryClash(place.spelling, other.part, place.part, why));
  }
}
