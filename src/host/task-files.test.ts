import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { ObjectStore } from '../store/objects.js';
import { Pack } from '../store/pack.js';
import { TaskFiles } from './task-files.js';

test('what is packed lies in the pack that is open when all outputs are kept', async (t) => {
  const folder = tempFolder(t);
  const objects = new ObjectStore(join(folder, 'objects'));
  const pack = new Pack(objects);
  const staged = {
    rows: { kind: 'jsonl', path: join(folder, 'rows.jsonl') },
    frames: { kind: 'directory', path: join(folder, 'frames') },
  } as const;
  const files = new TaskFiles({}, staged, 'held');
  const { rows, frames } = files.outputs;
  if (rows === undefined || !('append' in rows) || frames === undefined || !('add' in frames)) {
    t.fail();
    return;
  }
  rows.append('a row');
  await frames.add('one.txt', 'a frame');

  pack.add(Buffer.from('of the part before'));
  const packing = files.pack(objects, pack);
  // As a timer does while the folder is read.
  pack.seal();
  const { rows: record } = await packing;
  const place = pack.seal();
  t.not(record, undefined);
  if (record === undefined) return;
  t.is(Buffer.concat([...objects.read(place(record.bytes))]).toString(), 'a row\n');
});
