import test from 'ava';
import type { Role, Scope } from './scope.js';
import { Scopes } from './scopes.js';

function scope(roles: Readonly<Record<string, Role>>, folders: readonly string[] = []): Scope {
  const own: Scope = {
    folders: new Set(folders),
    roleOf: (path) => roles[path],
    linksTo: () => [],
    changedSince: () => [],
    isWithin: (other) =>
      folders.every((folder) => other.folders.has(folder)) &&
      Object.keys(roles).every((path) => other.roleOf(path) !== undefined),
  };
  return own;
}

test('what was found last says what a path is; a wide scope only where no other one does', (t) => {
  const scopes = new Scopes();
  scopes.set(scope({ '/a': 'source', '/b': 'source' }, ['/']));
  scopes.add(scope({ '/b': 'own', '/c': 'source' }, ['/', '/d']));
  scopes.widen(scope({ '/b': 'source', '/e': 'source' }, ['/wide']));
  t.deepEqual(
    ['/a', '/b', '/c', '/e', '/f'].map((path) => scopes.roleOf(path)),
    ['source', 'own', 'source', 'source', undefined],
  );
  t.deepEqual([...scopes.folders], ['/', '/d', '/wide']);
  scopes.set(scope({ '/a': 'own' }, ['/']));
  t.deepEqual([scopes.roleOf('/a'), scopes.roleOf('/e')], ['own', undefined]);
  t.deepEqual([...scopes.folders], ['/']);
});

test('what is covered already is not added; many additions are told', (t) => {
  const scopes = new Scopes();
  scopes.set(scope({ '/a': 'source' }));
  for (let i = 0; i < 100; i++) scopes.add(scope({ '/a': 'source' }));
  t.false(scopes.isLong);
  for (let i = 0; i < 100; i++) scopes.add(scope({ [`/new/${i}`]: 'source' }));
  t.true(scopes.isLong);
});
