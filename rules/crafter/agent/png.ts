/** Pictures as PNG files. */

/**
 * Rows of 8-bit pixels as PNG: 1, 3 or 4 channels give greyscale, RGB or RGBA. The settings are fixed, so that the
 * same pixels give the same bytes.
 *
 * @throws RangeError for any other shape.
 */
export async function encodePng(
  data: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 3 | 4 = 3,
): Promise<Buffer> {
  if (data.length !== width * height * channels)
    throw new RangeError(`${data.length} bytes are no picture of ${width}x${height} pixels`);
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels } })
    .png({ compressionLevel: 6, adaptiveFiltering: false, palette: false })
    .toBuffer();
}

export const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
