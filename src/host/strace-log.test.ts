import test from 'ava';
import { readStraceLogs } from './strace-log.js';

const told = (logs: Readonly<Record<number, string>>): string[] =>
  readStraceLogs(new Map(Object.entries(logs).map(([id, log]) => [Number(id), log])), '/p').map(
    ({ type, path, program, own }) => `${own ? 'own ' : ''}${program} ${type} ${path}`,
  );

test('paths are resolved by the working folder, which children take over', (t) => {
  const logs = {
    10: `1.0 execve("/usr/bin/sh", ["sh", "-c", "x"], 0x1 /* 3 vars */) = 0
1.1 chdir("sub")                        = 0
1.2 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 11
1.4 openat(AT_FDCWD</p/sub>, "../a.txt", O_RDONLY) = 3</p/a.txt>
1.5 chdir("/nowhere") = -1 ENOENT (No such file or directory)
1.9 open("late.txt", O_RDONLY) = 3</p/sub/late.txt>`,
    11: `1.21 fchdir(4</p/other>)                  = 0
1.3 execve("/usr/bin/cat", ["cat", "b.txt"], 0x1) = 0
1.45 open("b.txt", O_RDONLY|O_CLOEXEC) = 3</p/other/b.txt>
1.46 getdents64(3</p/other>, 0x5 /* 3 entries */, 32768) = 80`,
  };
  t.deepEqual(told(logs), [
    'own sh executed /usr/bin/sh',
    'cat executed /usr/bin/cat',
    'own sh read /p/a.txt',
    'cat read /p/other/b.txt',
    'cat listed /p/other',
    'own sh read /p/sub/late.txt',
  ]);
});

test('calls are told for what they do; a thread is the process itself', (t) => {
  const logs = {
    1: `1.0 clone3({flags=CLONE_VM|CLONE_THREAD|CLONE_SETTLS, child_tid=0x7f} => {parent_tid=[2]}, 88) = 2
2.0 openat(AT_FDCWD</p>, "w", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</p/w>
2.1 openat(AT_FDCWD</p>, "both", O_RDWR|O_CREAT, 0666) = 3</p/both>
2.2 renameat2(AT_FDCWD</p>, "x", AT_FDCWD</p>, "y", RENAME_NOREPLACE) = 0
2.3 newfstatat(AT_FDCWD</p>, "there", {st_mode=S_IFREG|0644, st_size=1, ...}, 0) = 0
2.4 newfstatat(AT_FDCWD</p>, "folder", {st_mode=S_IFDIR|0755, st_size=1, ...}, 0) = 0
2.5 newfstatat(3</p/w>, "", {st_mode=S_IFREG|0644, st_size=1, ...}, AT_EMPTY_PATH) = 0
2.6 access("no", F_OK) = -1 ENOENT (No such file or directory)
2.7 openat(AT_FDCWD</p>, ".", O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY) = 4</p>
2.8 symlink("target", "link") = 0
2.9 open("secret", O_RDONLY) = -1 EACCES (Permission denied)
3.0 +++ exited with 0 +++`,
    2: '1.5 openat(AT_FDCWD</p>, "in-thread", O_RDONLY <unfinished ...>\n1.6 <... openat resumed>) = 3</p/in-thread>',
  };
  t.deepEqual(
    told(logs).map((line) => line.replace(/^own {2}/, '')),
    [
      'read /p/in-thread',
      'written /p/w',
      'written /p/both',
      'read /p/both',
      'written /p/x',
      'written /p/y',
      'looked-at /p/there',
      'missing /p/no',
      'written /p/link',
    ],
  );
});

test('names of any bytes are read', (t) => {
  const log = String.raw`1.0 openat(AT_FDCWD</p/d\303\251\76>, "we\"ird \303\251>\n.txt", O_RDONLY) = 18</p/x>`;
  t.deepEqual(told({ 1: log }), ['own  read /p/dé>/we"ird é>\n.txt']);
});
