import type { Diagnostic } from './diagnostic.js';

/** What can go wrong with watching itself. */
export const watchErrors = {
  /** A target ran again and again because something that it needs changed while it ran. */
  oscillates: ({
    targets,
    paths,
  }: {
    targets: readonly { readonly target: string; readonly runs: number }[];
    paths: readonly string[];
  }): Diagnostic => ({
    code: 'VB901',
    headline: `${targets.map(({ target }) => `\`${target}\``).join(', ')} changes what it is made from, again and again`,
    facts: [
      ...targets.map(({ target, runs }) => [target, `ran ${runs} times in a row`] as const),
      ['changed meanwhile', paths.join(', ')],
    ],
    next: 'let the rule or command write to its declared outputs alone; the next change starts it again',
  }),
  /** The system watches no more folders or opens no more files. */
  noWatches: ({ code, message }: { code: string; message: string }): Diagnostic => ({
    code: 'VB902',
    headline: 'some folders cannot be watched: changes in them are not noticed',
    facts: [['system', message]],
    next:
      code === 'ENOSPC'
        ? 'raise the limit (`sysctl fs.inotify.max_user_watches=524288`), then start the watch again'
        : code === 'EMFILE'
          ? 'raise the limit (`sysctl fs.inotify.max_user_instances=512`, `ulimit -n 8192`), then start the watch again'
          : 'put that right, then start the watch again',
  }),
  /** The pipeline file, or something else that a build begins with, cannot be read. */
  unreadable: ({ message }: { message: string }): Diagnostic => ({
    code: 'VB903',
    headline: 'the project cannot be read',
    facts: [['system', message]],
    next: 'put that right: the watch goes on',
  }),
  /** A flag of `build` that a watch cannot have. */
  flag: ({ flag }: { flag: string }): Diagnostic => ({
    code: 'VB904',
    headline: `\`${flag}\` does not go with \`--watch\``,
    next: `leave it out, or build once with it: \`vlmbuild ${flag}\``,
  }),
  /** The folder of the project was removed or moved, or another one is in its place. */
  rootGone: ({ root }: { root: string }): Diagnostic => ({
    code: 'VB905',
    headline: `the project is gone: \`${root}\` is no longer the folder that was watched`,
    next: 'watch again where the project is now',
  }),
};
