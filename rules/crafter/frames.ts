import { UserError, defineRule, directory, file, jsonl } from 'vlmbuild';
import { z } from 'zod';
import { jsonText } from '../lib/chat/json-text.js';
import { NOTHING_YET, advance, observe, observeImage } from './agent/observation.js';
import { action, checkMeasures, measures, seed, sizeOf } from './agent/params.js';
import { encodePng } from './agent/png.js';
import { textureFiles, texturesFrom, texturesParam } from './agent/textures.js';
import { type CaptionedFrame, contactSheet } from './art/contact-sheet.js';
import { Crafter } from './sim/crafter.js';
import { MersenneTwister } from './sim/mt19937.js';
import { ACTIONS } from './sim/rules.js';

/** A contact sheet is put together in memory. */
const MOST_SHEET_PIXELS = 100_000_000;

/** Fisher and Yates, with a generator of its own. */
function shuffled<T>(items: readonly T[], shuffleSeed: number): T[] {
  const random = new MersenneTwister(shuffleSeed);
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.integer(0, i + 1);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
}

export default defineRule({
  summary:
    'Play a few fixed Crafter actions and capture what the player sees before each, as pictures and as messages.',
  params: z
    .strictObject({
      seed: seed.default(7).describe('Decides the world.'),
      steps: z.int().min(1).max(100_000).default(5).describe('How many frames to capture.'),
      actions: z
        .array(action)
        .min(1)
        .default(['move_right', 'move_down', 'move_left', 'move_up', 'do'])
        .describe('Actions to play, over and over; frame i is what the player saw before the action i.'),
      shuffle: z
        .union([z.boolean(), seed])
        .default(false)
        .describe('Shuffles the actions first: `true` with the seed of the world, a number with its own.'),
      ...measures,
      textures: texturesParam,
    })
    .superRefine(checkMeasures),
  inputs: { textures: directory().fromParam('textures') },
  outputs: { frames: directory(), messages: jsonl(), sheet: file().optional() },
  async run({ inputs, outputs, params, log, progress, signal }) {
    const names =
      params.shuffle === false
        ? params.actions
        : shuffled(params.actions, params.shuffle === true ? params.seed : params.shuffle);
    const size = sizeOf(params.size);
    const [width, height] = size;
    if (outputs.sheet !== undefined && params.steps * width * height > MOST_SHEET_PIXELS)
      throw new UserError(
        `a sheet of ${params.steps} frames of ${width}x${height} pixels would be too large to look at`,
        {
          next: 'leave out the output `sheet`, or capture fewer or smaller frames',
        },
      );
    const game = new Crafter({
      seed: params.seed,
      area: params.area,
      view: params.view,
      length: params.length,
      size,
      textures: await texturesFrom(inputs.textures === undefined ? {} : await textureFiles(inputs.textures)),
    });
    const captioned: CaptionedFrame[] = [];
    let frame = game.reset();
    let state = NOTHING_YET;
    let written = 0;
    for (let step = 0; step < params.steps; step++) {
      signal.throwIfAborted();
      const name = names[step % names.length] ?? 'noop';
      const observation = observe(game, state);
      const png = frame === null ? undefined : await encodePng(frame.data, width, height);
      const image = png === undefined ? undefined : observeImage(png, width, height);
      if (png !== undefined) {
        await outputs.frames.add(`step_${String(step).padStart(3, '0')}.png`, png);
        written++;
      }
      if (frame !== null && outputs.sheet !== undefined)
        captioned.push({ frame: { width, height, data: frame.data.slice() }, caption: `${step} ${name}` });
      outputs.messages.append(
        jsonText({
          step,
          action_id: ACTIONS.indexOf(name),
          message: {
            role: 'user',
            content:
              image === undefined
                ? [{ type: 'text', text: 'The image is missing.' }]
                : [{ type: 'image_url', image_url: { url: image.observation_image_data_url } }],
          },
          observation_keys: Object.keys({ ...observation, ...image }).sort(),
        }),
      );
      const outcome = game.step(name);
      frame = outcome.frame;
      state = advance(state, outcome);
      progress(step + 1, params.steps, 'frames');
    }
    if (outputs.sheet !== undefined) {
      const sheet = contactSheet(captioned);
      await outputs.sheet.write(await encodePng(sheet.data, sheet.width, sheet.height));
    }
    log(`${written} frames of ${width}x${height} pixels`);
  },
});
