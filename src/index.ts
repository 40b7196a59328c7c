/**
 * The public API: what a rule may import.
 *
 * @module vlmbuild
 */
export { defineRule, UserError } from './rule/define.js';
export type { AnyRule, MadePart, ParamsSchema, Part, RunContext } from './rule/define.js';
export { directory, file, jsonl, sqlite } from './rule/roles.js';
export type {
  DirectoryInput,
  DirectoryOutput,
  DirectorySlice,
  FileInput,
  FileOutput,
  JsonlInput,
  JsonlOutput,
  JsonlSlice,
  Role,
  Roles,
  RuleSlice,
  SqliteInput,
  SqliteOutput,
  SqliteSlice,
} from './rule/roles.js';
export type { Bracket, Once } from './rule/once.js';
export type { RowsQuery, SliceQuery, SqlQuery } from './artifacts/kind.js';
export type { Json, JsonObject } from './base/json.js';
