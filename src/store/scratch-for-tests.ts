import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { cacheLayout, prepareCache, type CacheLayout } from './layout.js';

export function scratchLayout(t: ExecutionContext): CacheLayout {
  const layout = cacheLayout(tempFolder(t));
  prepareCache(layout);
  return layout;
}

/**
 * Runs JavaScript in another process, as a module beside this one. It says how far it is with `say(line)` and can wait for
 * `heard()`, a line from the test.
 */
export class OtherProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(t: ExecutionContext, code: string, options: { readonly shell?: string } = {}) {
    const module = `
      import { createInterface } from 'node:readline';
      const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
      const heard = async () => (await lines.next()).value;
      const say = (line) => process.stdout.write(line + '\\n');
      const load = (name) => import(new URL(name, ${JSON.stringify(import.meta.url)}).href);
      ${code}
      process.exit(0);`;
    const node = [process.execPath, '--input-type=module', '-e', module] as const;
    const [command, ...args] =
      options.shell === undefined ? node : ['sh', '-c', `${options.shell}; exec "$@"`, 'sh', ...node];
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('no stdout');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    t.teardown(() => this.#child.kill('SIGKILL'));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The next line it says. */
  async says(): Promise<string> {
    const next = await this.#lines.next();
    return next.done === true ? '(gone)' : next.value;
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
