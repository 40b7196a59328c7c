/** How files that are no modules become values when a rule imports them: text as a string, anything else as bytes. */
const TEXT = 'txt md csv tsv sql toml yaml yml xml svg html jsonl jinja mustache prompt'.split(' ');
const BYTES =
  'png jpg jpeg gif webp avif bmp tiff ico bin dat gz zst npy npz wasm ttf otf woff woff2 pdf wav mp3'.split(' ');

/** esbuild's loaders by extension; `.json` is a value by itself. */
export const ASSET_LOADERS: Readonly<Record<string, 'text' | 'binary'>> = Object.fromEntries([
  ...TEXT.map((extension) => [`.${extension}`, 'text'] as const),
  ...BYTES.map((extension) => [`.${extension}`, 'binary'] as const),
]);
