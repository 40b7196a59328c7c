import { homedir, tmpdir } from 'node:os';

/** What every host and command finds in its environment, beside what its target declares. */
export function baseEnvironment(real: NodeJS.ProcessEnv): Record<string, string> {
  return {
    PATH: real['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: real['HOME'] ?? homedir(),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    TMPDIR: real['TMPDIR'] ?? tmpdir(),
  };
}
