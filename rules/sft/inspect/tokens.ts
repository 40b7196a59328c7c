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
 * As the makers' documentation had it in October 2025:
 *
 *   OpenAI, "Images and vision: calculating costs" (platform.openai.com/docs/guides/images-vision), and for text "about
 *     four characters a token" (help.openai.com, "What are tokens and how to count them?")
 *   Anthropic, "Vision: evaluate image size" (docs.claude.com): width * height / 750 after scaling to 1568 pixels; text
 *     about 3.5 characters a token (glossary)
 *   Google, "Understand and count tokens" (ai.google.dev/gemini-api/docs/tokens): 258 an image up to 384 pixels, else 258 a
 *     tile of 768; text about four characters a token
 *   Qwen, model card of Qwen2.5-VL: a token for 28 x 28 pixels, 4 to 16384 an image; text about 3.5 characters a token
 */
export const AS_OF = '2025-10';

const FAMILIES: readonly Family[] = [
  { name: 'gpt-4o, gpt-4.1', charactersPerToken: 4, image: tiles(85, 170) },
  { name: 'gpt-4o-mini', charactersPerToken: 4, image: tiles(2833, 5667) },
  { name: 'gpt-4.1-mini', charactersPerToken: 4, image: patches(1.62) },
  { name: 'gpt-4.1-nano', charactersPerToken: 4, image: patches(2.46) },
  { name: 'claude', charactersPerToken: 3.5, image: claudeImage },
  { name: 'gemini-2', charactersPerToken: 4, image: geminiImage },
  { name: 'qwen2.5-vl', charactersPerToken: 3.5, image: qwenImage },
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
  return Math.min(1600, Math.ceil((width * scale * height * scale) / 750));
}

function geminiImage(width: number, height: number): number {
  if (width <= 384 && height <= 384) return 258;
  return 258 * Math.ceil(width / 768) * Math.ceil(height / 768);
}

function qwenImage(width: number, height: number): number {
  return Math.min(16384, Math.max(4, Math.round(width / 28) * Math.round(height / 28)));
}
