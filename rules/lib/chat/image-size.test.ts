import test from 'ava';
import sharp from 'sharp';
import { headImage, imageSize } from './image-size.js';

const picture = (width: number, height: number, alpha = false) =>
  sharp({ create: { width, height, channels: alpha ? 4 : 3, background: { r: 9, g: 99, b: 199, alpha: 0.5 } } });
const dataImage = (url: string) => headImage(url, url.slice(-2), url.length);
const urlOf = (type: string, bytes: Buffer) => `data:image/${type};base64,${bytes.toString('base64')}`;

for (const [width, height] of [
  [1, 1],
  [64, 48],
  [300, 700],
] as const) {
  test(`the head of a ${width} x ${height} image says so in every format`, async (t) => {
    const files: Record<string, Buffer> = {
      png: await picture(width, height).png().toBuffer(),
      gif: await picture(width, height).gif().toBuffer(),
      jpeg: await picture(width, height).jpeg().toBuffer(),
      'jpeg progressive': await picture(width, height)
        .jpeg({ progressive: true })
        .withExif({ IFD0: { Copyright: 'x'.repeat(5000) } })
        .toBuffer(),
      'webp lossy': await picture(width, height).webp().toBuffer(),
      'webp lossless': await picture(width, height).webp({ lossless: true }).toBuffer(),
      'webp extended': await picture(width, height, true).webp({ alphaQuality: 50 }).toBuffer(),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const [format] = name.split(' ');
      t.deepEqual(dataImage(urlOf('whatever', bytes)), { bytes: bytes.length, size: { format, width, height } }, name);
      for (let end = 0; end < 10; end++) t.is(imageSize(bytes.subarray(0, end)), undefined, name);
    }
  });
}

for (const [name, header] of [
  ['of OS/2', '0c0000000700090001001800'],
  ['of Windows', '280000000700000009000000010018000000000000000000'],
  ['from the top', '7c00000007000000f7ffffff010018000000000000000000'],
] as const) {
  test(`a BMP ${name} says its size`, (t) => {
    const bytes = Buffer.from(`424d${'00'.repeat(12)}${header}`, 'hex');
    const size = { format: 'bmp', width: 7, height: 9 } as const;
    t.deepEqual(dataImage(urlOf('png', bytes)), { bytes: bytes.length, size });
    t.is(imageSize(bytes.subarray(0, 17)), undefined);
    t.is(imageSize(bytes.subarray(0, 20)), undefined);
  });
}

test('what is no image, or no data URL', (t) => {
  t.is(dataImage('https://example.org/a.png'), undefined);
  t.is(dataImage('data:image/png,raw'), undefined);
  t.deepEqual(dataImage('data:;base64,'), { bytes: 0, size: undefined });
  t.deepEqual(dataImage('data:image/png;base64,AAAA'), { bytes: 3, size: undefined });
  t.is(imageSize(Buffer.from('RIFF....WEBPnone........................')), undefined);
  t.is(imageSize(Buffer.from([0xff, 0xd8, 0x00, 0x00, 0x00, 0x00])), undefined);
});
