import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const NAME = 'better-sqlite3';
const folder = dirname(createRequire(import.meta.url).resolve(`${NAME}/package.json`));
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** What is installed may be a later version, whose addon wants its own JavaScript. */
const CHOICE = `
const { version } = require('${NAME}/package.json');
module.exports = version === ${JSON.stringify(version)} ? require('./lib/index.js') : require('${NAME}');
`;

/** How the library loads its addon: it looks for it from the file that its JavaScript is in. */
const LOADS_ADDON = "require('bindings')('better_sqlite3.node')";
const ADDON = `
function loadAddon() {
  try {
    return require('${NAME}/build/Release/better_sqlite3.node');
  } catch {
    const { createRequire } = require('node:module');
    const folder = path.dirname(createRequire(__filename).resolve('${NAME}/package.json'));
    const own = createRequire(path.join(folder, 'lib', 'database.js'));
    return own('bindings')({ bindings: 'better_sqlite3.node', module_root: folder });
  }
}
`;

/**
 * Bundles the JavaScript of better-sqlite3, not its addon: to find and read its modules one by one takes longer than to
 * open a database. It is used with the addon of its own version alone.
 */
export const bundledSqlite = {
  name: 'bundled-sqlite',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${NAME}(/|$)`) }, ({ path, importer, namespace }) =>
      namespace === 'file' && path === NAME && !importer.startsWith(folder)
        ? { path: NAME, namespace: 'bundled-sqlite' }
        : { path, external: true },
    );
    build.onLoad({ filter: /./, namespace: 'bundled-sqlite' }, () => ({ contents: CHOICE, resolveDir: folder }));
    build.onLoad({ filter: /lib[\\/]database\.js$/ }, ({ path }) => {
      if (!path.startsWith(folder)) return undefined;
      const text = readFileSync(path, 'utf8');
      if (!text.includes(LOADS_ADDON)) throw new Error(`${NAME} loads its addon in another way`);
      return { contents: `${text.replace(LOADS_ADDON, 'loadAddon()')}${ADDON}`, loader: 'js' };
    });
  },
};
