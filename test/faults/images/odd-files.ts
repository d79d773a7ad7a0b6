import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { picture } from "./troubled-flow.ts";

/** Uploads that cannot be rendered, by name, with what their reason says. */
export async function poisonFiles(): Promise<
  Readonly<Record<string, { bytes: Uint8Array; reason: RegExp }>>
> {
  const jpeg = await sharp(await picture())
    .resize(600)
    .jpeg()
    .toBuffer();
  return {
    "truncated.jpg": {
      bytes: jpeg.subarray(0, jpeg.length / 2),
      reason: /premature|truncated|corrupt|end of/i,
    },
    "huge.png": { bytes: await claimed(20_000), reason: /20000 x 20000 pixels/ },
    "text.jpg": { bytes: Buffer.from("Dear Sir or Madam,"), reason: /unsupported image format/ },
    "zip.jpg": { bytes: emptyZip(), reason: /unsupported image format/ },
    "drawing.png": {
      bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      reason: /its format is svg/,
    },
    "empty.jpg": { bytes: new Uint8Array(), reason: /the object is empty/ },
  };
}

/** Uploads that are unusual and are images. */
export async function unusualFiles(): Promise<Readonly<Record<string, Uint8Array>>> {
  const frames = sharp([await picture(), await picture()], { join: { animated: true } });
  return {
    "animated.gif": await frames.gif().toBuffer(),
    "print.jpg": await sharp(await picture())
      .toColourspace("cmyk")
      .jpeg()
      .toBuffer(),
    "phone.HEIC": await readFile(join(import.meta.dirname, "../../../samples/images/recipe-apple-pie.heic")),
  };
}

/** A small file whose header claims to be a square of this side. */
async function claimed(side: number): Promise<Buffer> {
  const png = await sharp(await picture())
    .png()
    .toBuffer();
  png.writeUInt32BE(side, 16);
  png.writeUInt32BE(side, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

/** The end of a central directory: all that an archive without files has. */
function emptyZip(): Buffer {
  return Buffer.concat([Buffer.from("PK\u0005\u0006"), Buffer.alloc(18)]);
}
