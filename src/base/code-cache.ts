import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** A script of vlmbuild's own, run as Node runs a CommonJS module (but it cannot `import()`). */
export interface LoadedScript {
  readonly exports: unknown;
  /** Keeps what V8 has compiled by now, where it is not kept already. */
  keep(): void;
}

const PREFIX = 'code-';
const DIGEST_BYTES = 32;

/**
 * Requires a script in ASCII (as esbuild prints code), with what V8 compiled of it the last time: to read and compile 400
 * KB takes as long as a small build.
 *
 * What is kept is named by the script's content and by Node, because V8 itself compares no more than lengths and versions;
 * and it begins with a digest of its own, because V8 believes its bytes. Where anything is odd, the script is compiled.
 *
 * @param folder where that is kept
 * @param requireFrom of a module beside the script
 */
export function loadScript(path: string, folder: string, requireFrom: (id: string) => unknown): LoadedScript {
  // A character a byte, which is right for code in ASCII, and takes half the memory where a comment is not.
  const source = readFileSync(path, 'latin1');
  const { version, arch } = process;
  const prefix = `${PREFIX}${basename(path, '.cjs')}-`;
  const name = `${prefix}${sha256([version, arch, path, source].join('\0')).toString('hex').slice(0, 32)}`;
  const script = compiled(`(function (exports, require, module, __filename, __dirname) { ${source}\n})`, {
    path,
    cachedData: read(join(folder, name)),
  });
  const loaded = { exports: {} as unknown };
  (script.runInThisContext() as (...names: unknown[]) => void)(
    loaded.exports,
    requireFrom,
    loaded,
    path,
    dirname(path),
  );
  return {
    exports: loaded.exports,
    keep: () => {
      if (script.cachedDataRejected !== false) write(folder, { name, prefix }, script.createCachedData());
    },
  };
}

/** By itself, so that nothing holds on to the bytes. */
function compiled(
  source: string,
  { path, cachedData }: { readonly path: string; readonly cachedData: Buffer | undefined },
): Script {
  return new Script(source, { filename: path, ...(cachedData === undefined ? {} : { cachedData }) });
}

function read(path: string): Buffer | undefined {
  try {
    const bytes = readFileSync(path);
    const data = bytes.subarray(DIGEST_BYTES);
    return sha256(data).equals(bytes.subarray(0, DIGEST_BYTES)) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** In place of what was kept of other versions of the script. Nothing is lost where that fails. */
function write(
  folder: string,
  { name, prefix }: { readonly name: string; readonly prefix: string },
  data: Buffer,
): void {
  const temporary = join(folder, `.${name}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, Buffer.concat([sha256(data), data]), { flag: 'wx' });
    renameSync(temporary, join(folder, name));
    for (const other of readdirSync(folder))
      if (other.startsWith(prefix) && other !== name) rmSync(join(folder, other), { force: true });
  } catch {
    rmSync(temporary, { force: true });
  }
}

function sha256(data: string | Uint8Array): Buffer {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(data).digest();
}
