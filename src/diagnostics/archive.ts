import type { Diagnostic } from './diagnostic.js';

/** What the commands that look back can find wrong: `verify`, `restore`, `accept`, `gc`, `cache`, `runs diff`. */
export const archiveErrors = {
  /** `verify` where there is no lock. */
  nothingToVerify: ({ path }: { path: string }): Diagnostic => ({
    code: 'VB431',
    headline: `there is no \`${path}\` to verify against`,
    next: 'build once, and commit the lock; or take it back from version control',
  }),
  /** `verify TARGET` of a target that the lock does not name. */
  notInLock: ({ targets, path }: { targets: readonly string[]; path: string }): Diagnostic => ({
    code: 'VB432',
    headline: `\`${path}\` does not name ${targets.map((target) => `\`${target}\``).join(', ')}`,
    next: `build it (\`vlmbuild ${targets.join(' ')}\`): what is built enters the lock`,
  }),
} as const;
