import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ArtifactRecord } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import type { Digest } from '../base/digest.js';
import type { OutputUse } from '../config/pipeline.js';
import { CorruptObject } from '../store/objects.js';
import type { Session } from './session.js';

type Place = Pick<OutputUse, 'path' | 'kind'>;

/** Finds the bytes of recorded outputs: in the tree where they are still there, else in the store. */
export class PastBytes {
  #restored = 0;

  /** @param scratch a folder that need not be there yet, for what is restored */
  constructor(
    private readonly session: Session,
    private readonly scratch: string,
  ) {}

  /** An absolute path that holds them; undefined where they are nowhere whole. */
  async find(place: Place, digest: Digest, bytes: ArtifactRecord['bytes'] | undefined): Promise<string | undefined> {
    const { root, digester } = this.session;
    const found = await digester.digest(place.path, place.kind).catch(() => undefined);
    if (found === digest) return join(root, place.path);
    return bytes === undefined ? undefined : this.#restore(place, { kind: place.kind, digest, bytes });
  }

  async #restore({ path, kind }: Place, record: ArtifactRecord): Promise<string | undefined> {
    const { objects } = this.session;
    const to = join(this.scratch, String(this.#restored++), basename(path));
    mkdirSync(dirname(to), { recursive: true });
    try {
      if (!kindNamed(kind).present(record, objects)) return undefined;
      await kindNamed(kind).restore(record, to, objects);
      return to;
    } catch (error) {
      if (error instanceof CorruptObject) return undefined;
      throw error;
    }
  }
}
