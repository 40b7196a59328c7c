/** Built as one script, `dist/zod.cjs`: as many small modules it takes twice as long to load. */
export * from 'zod';
export { default } from 'zod';
