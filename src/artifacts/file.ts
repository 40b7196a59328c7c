import type { Kind } from './kind.js';

const notYet = (): never => {
  throw new Error('not yet');
};
export const fileKind: Kind = {
  name: 'file',
  digest: notYet,
  keep: notYet,
  restore: notYet,
  present: notYet,
  install: notYet,
  deliver: notYet,
  join: notYet,
};
