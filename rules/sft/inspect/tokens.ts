import type { JsonObject } from 'vlmbuild';

/** How a family of models counts: estimates, good to tell thousands from millions. */
interface Family {
  readonly name: string;
  /** Characters of English text a token, on average. */
  readonly charactersPerToken: number;
  /** Tokens of an image of so many pixels, at high detail. */
  readonly image: (width: number, height: number) => number;
}

/*
 * As documentation had it in November 2026:
 *
 *   OpenAI, platform.openai.com/docs/guides/images-vision, "Calculating costs": gpt-4o and gpt-4.1 by tiles of 512
 *     pixels, gpt-4.1-mini and -nano by patches of 32 with a factor. What was billed for 128 x 64 pixels agrees (255,
 *     mini 8,500, patches 13: community.openai.com/t/1262691): small images are not scaled up. Text: "1 token ~= 4
 *     chars in English" (help.openai.com, "What are tokens and how to count them?")
 *   Anthropic, platform.claude.com/docs/en/build-with-claude/vision, "Evaluate image size": a token for each 28 x 28
 *     pixels begun; earlier it was width * height / 750. Larger images are scaled to 1568 pixels (2576 from Opus 4.7
 *     on), and to about 1,560 tokens. Text: 3.5 characters (the glossary there); up to a third more tokens from Opus
 *     4.7 on
 *   Google, ai.google.dev/gemini-api/docs/tokens: 258 where both sides have at most 384 pixels, else 258 for each
 *     tile of 768; "a token is equivalent to about 4 characters"
 *   Qwen, qwen_vl_utils.smart_resize (github.com/QwenLM/Qwen3-VL): sides rounded to 28 pixels (32 from Qwen3-VL on),
 *     a token for each square, 4 to 16384 of them. Text: between the others' figures, for want of one of its own
 */
export const AS_OF = '2026-11';

const FAMILIES: readonly Family[] = [
  { name: 'gpt-4o, gpt-4.1', charactersPerToken: 4, image: tiles(85, 170) },
  { name: 'gpt-4o-mini', charactersPerToken: 4, image: tiles(2833, 5667) },
  { name: 'gpt-4.1-mini', charactersPerToken: 4, image: patches(1.62) },
  { name: 'gpt-4.1-nano', charactersPerToken: 4, image: patches(2.46) },
  { name: 'claude', charactersPerToken: 3.5, image: claudeImage },
  { name: 'gemini-2', charactersPerToken: 4, image: geminiImage },
  { name: 'qwen2.5-vl', charactersPerToken: 3.5, image: qwenImage(28) },
  { name: 'qwen3-vl', charactersPerToken: 3.5, image: qwenImage(32) },
];

export interface CountedImages {
  readonly width: number;
  readonly height: number;
  readonly count: number;
}

/** Estimated tokens of all text and all images by family. */
export function tokenEstimates(characters: number, images: readonly CountedImages[]): JsonObject[] {
  return FAMILIES.map(({ name, charactersPerToken, image }) => {
    const text = Math.ceil(characters / charactersPerToken);
    const pictures = images.reduce((sum, { width, height, count }) => sum + count * image(width, height), 0);
    return { family: name, text, images: pictures, total: text + pictures };
  });
}

/** Fit into 2048 x 2048, then the shorter side to 768, never larger than it was; tiles of 512 to cover it. */
function tiles(base: number, tile: number): Family['image'] {
  return (width, height) => {
    const fit = Math.min(1, 2048 / Math.max(width, height));
    const scale = fit * Math.min(1, 768 / (fit * Math.min(width, height)));
    return base + tile * Math.ceil((width * scale) / 512) * Math.ceil((height * scale) / 512);
  };
}

/** Patches of 32 to cover it, at most 1536 of them. */
function patches(factor: number): Family['image'] {
  return (width, height) => Math.ceil(Math.min(1536, Math.ceil(width / 32) * Math.ceil(height / 32)) * factor);
}

function claudeImage(width: number, height: number): number {
  const scale = Math.min(1, 1568 / Math.max(width, height));
  return Math.min(1568, Math.ceil((width * scale) / 28) * Math.ceil((height * scale) / 28));
}

function geminiImage(width: number, height: number): number {
  if (width <= 384 && height <= 384) return 258;
  return 258 * Math.ceil(width / 768) * Math.ceil(height / 768);
}

function qwenImage(square: number): Family['image'] {
  return (width, height) => Math.min(16384, Math.max(4, Math.round(width / square) * Math.round(height / square)));
}
