import type { Digest } from '../base/digest.js';
import type { Extent } from '../store/object-list.js';
import type { ObjectStore } from '../store/objects.js';
import { SingleFileKind } from './file.js';
import type { JoinAhead } from './join-ahead.js';
import { JoinedFile, type Joined } from './joined-file.js';
import type { JoinedParts } from './joined-parts.js';
import type { ArtifactRecord, Kind } from './kind.js';
import { PartEnds } from './part-ends.js';
import { provenPrefix } from './proven-prefix.js';

class JsonlKind extends SingleFileKind {
  readonly name = 'jsonl';

  async join(
    parts: JoinedParts,
    destination: string | null,
    objects: ObjectStore,
    keepWhole: boolean,
    before?: Digest,
    ahead?: JoinAhead,
  ): Promise<ArtifactRecord> {
    const extents = parts.extents();
    const create = (): JoinedFile => new JoinedFile(objects, destination, 'only grows');
    const taken = destination === null ? undefined : await ahead?.take(extents, destination);
    const joined =
      (taken === undefined
        ? await joinProven(parts, extents, create, proven(extents, before, objects))
        : await unlessItFails(taken, () => completeTaken(parts, extents, taken))) ??
      (await joinAnew(parts, extents, create()));
    // As the list of its parts' objects: what is shared with the last result is stored once.
    if (keepWhole) objects.putExtents(joined.extents, joined.whole);
    return { kind: 'jsonl', digest: joined.whole.sha256, bytes: joined.whole };
  }
}

function proven(extents: readonly Extent[], before: Digest | undefined, objects: ObjectStore): readonly Extent[] {
  const was = before === undefined ? undefined : objects.members(before);
  return before === undefined || was === undefined ? [] : provenPrefix(extents, { extents: was, digest: before });
}

/** What has been joined ahead is checked already, but for the ends of parts. */
async function completeTaken(parts: JoinedParts, extents: readonly Extent[], file: JoinedFile): Promise<Joined> {
  const ends = new PartEnds(parts);
  if (file.path !== null) ends.checkFile(file.path, file.size);
  await file.append(extents.slice(file.extents.length), (piece) => ends.check(piece));
  return file.finish();
}

async function joinProven(
  parts: JoinedParts,
  extents: readonly Extent[],
  create: () => JoinedFile,
  head: readonly Extent[],
): Promise<Joined | undefined> {
  if (head.length === 0) return undefined;
  const file = create();
  return unlessItFails(file, async () => {
    const ends = new PartEnds(parts);
    await file.appendProven(head, (piece) => ends.check(piece));
    if (file.extents.length < head.length) throw new Error('what was joined before is other now');
    await file.append(extents.slice(head.length), (piece) => ends.check(piece));
    return file.finish();
  });
}

/** Undefined, and no file, where it fails: what is to blame shows where each piece is checked. */
async function unlessItFails(file: JoinedFile, join: () => Promise<Joined>): Promise<Joined | undefined> {
  try {
    return await join();
  } catch {
    file.drop();
    return undefined;
  }
}

/**
 * Reads the parts in order.
 *
 * @throws UserFacingError where a part's last line has no end.
 * @throws CorruptObject
 */
async function joinAnew(parts: JoinedParts, extents: readonly Extent[], file: JoinedFile): Promise<Joined> {
  const ends = new PartEnds(parts);
  try {
    await file.append(extents, (piece) => ends.check(piece));
    return file.finish();
  } catch (error) {
    file.close();
    throw error;
  }
}

export const jsonlKind: Kind = new JsonlKind();
