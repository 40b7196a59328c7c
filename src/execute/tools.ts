import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { executeErrors } from '../diagnostics/execute.js';

/** The versions of programs that commands declare: each is started at most once a session. */
export class Tools {
  readonly #versions = new Map<string, Promise<string>>();

  constructor(
    private readonly root: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** First line of `NAME --version` by name. @throws UserFacingError naming every tool that does not run. */
  async versions(names: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const results = await Promise.allSettled(names.map((name) => this.#version(name)));
    const problems = results.flatMap((result, i) =>
      result.status === 'fulfilled'
        ? []
        : [executeErrors.toolFailed({ tool: names[i] ?? '', message: String(result.reason) })],
    );
    if (problems.length > 0) throw new UserFacingError(problems);
    return Object.fromEntries(
      results.map((result, i) => [names[i] ?? '', result.status === 'fulfilled' ? result.value : '']),
    );
  }

  /** The file that a name would start, absolute: where a new version would show. */
  find(name: string): string | undefined {
    const candidates = name.includes('/')
      ? [resolve(this.root, name)]
      : (this.environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
    return candidates.find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    });
  }

  #version(name: string): Promise<string> {
    let version = this.#versions.get(name);
    if (version === undefined) {
      version = new Promise<string>((fulfil, reject) => {
        const { PATH = '', HOME = '' } = this.environment;
        const env = { PATH, HOME, LANG: 'C.UTF-8', TZ: 'UTC' };
        execFile(
          this.find(name) ?? name,
          ['--version'],
          { cwd: this.root, env, timeout: 30_000 },
          (error, out, err) => {
            const line = `${out}\n${err}`.split('\n').find((text) => text.trim() !== '');
            if (error !== null) reject(new Error(line ?? error.message));
            else fulfil(line?.trim() ?? '');
          },
        );
      });
      this.#versions.set(name, version);
    }
    return version;
  }
}
