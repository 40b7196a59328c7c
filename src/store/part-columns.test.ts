import test from 'ava';
import { digestOf, sha256, type Digest } from '../base/digest.js';
import { PartColumns, type PartResult } from './part-columns.js';
import { bytesOfDigests } from './part-keys.js';
import { columnsOf } from './part-results.js';

const blob = sha256('blob');
const file = (text: string, inside?: { blob: Digest; from: number }): PartResult['outputs'][string] => {
  const bytes = { sha256: sha256(text), size: text.length, ...(inside && { inside }) };
  return { kind: 'jsonl', digest: bytes.sha256, bytes };
};

const RESULTS: readonly PartResult[] = [
  { outputs: { rows: file('alone') }, meta: {} },
  { outputs: { rows: file('packed', { blob, from: 7 }), rejects: file('') }, meta: { kept: 1 } },
  { outputs: {}, meta: { note: 'nothing' } },
  { outputs: { rows: file('first', { blob: sha256('other'), from: 0 }) }, meta: {} },
  { outputs: { db: { kind: 'sqlite', digest: digestOf('logical'), bytes: file('db').bytes } }, meta: {} },
];
const KEYS = bytesOfDigests(RESULTS.map((_, row) => digestOf(row)));

test('what goes into columns comes out, and again after it was stored', (t) => {
  const columns = columnsOf(RESULTS);
  const stored = PartColumns.decode(Buffer.from(columns.encode(KEYS)), KEYS);
  for (const one of [columns, stored])
    t.deepEqual(
      RESULTS.map((_, row) => one?.result(row)),
      RESULTS,
    );
  t.is(PartColumns.decode(columnsOf([]).encode(Buffer.of()), Buffer.of())?.count, 0);
});

test('no byte of it may change, nor the parts of which it tells', (t) => {
  const bytes = columnsOf(RESULTS).encode(KEYS);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    t.is(PartColumns.decode(damaged, KEYS), undefined, `byte ${at}`);
  }
  t.is(PartColumns.decode(bytes.subarray(0, 20), KEYS), undefined);
  t.is(PartColumns.decode(bytes, KEYS.toReversed()), undefined);
});
