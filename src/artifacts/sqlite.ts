import type { Kind } from './kind.js';

const notYet = (): never => {
  throw new Error('not yet');
};
export const sqliteKind: Kind = {
  name: 'sqlite',
  digest: notYet,
  keep: notYet,
  restore: notYet,
  present: notYet,
  install: notYet,
  deliver: notYet,
  join: notYet,
};
