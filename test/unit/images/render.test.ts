import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { render } from "../../../core/images/process/render.ts";

const options = { maxPixels: 100_000_000, heic: true };

const plain = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: { r: 200, g: 40, b: 40, alpha: 0.5 } } });

async function sizes(bytes: Uint8Array) {
  const { thumbnail, analysis, ...rest } = await render(bytes, options);
  const [small, large] = [await sharp(thumbnail).metadata(), await sharp(analysis).metadata()];
  return {
    ...rest,
    thumbnail: `${small.width}x${small.height} ${small.format} ${small.space} ${small.channels}`,
    analysis: `${large.width}x${large.height}`,
    hasExif: small.exif !== undefined || large.exif !== undefined,
  };
}

describe("rendering an image", () => {
  test("a large photo is fitted into both sizes", async () => {
    expect(await sizes(await plain(1600, 1200).jpeg().toBuffer())).toEqual({
      mimeType: "image/jpeg",
      width: 1600,
      height: 1200,
      thumbnail: "800x600 jpeg srgb 3",
      analysis: "1568x1176",
      hasExif: false,
    });
  });

  test("a photo that the camera turned is upright, and where it was taken is removed", async () => {
    const turned = await plain(400, 200)
      .withMetadata({ orientation: 6 })
      .withExifMerge({ IFD3: { GPSLatitudeRef: "N" } })
      .jpeg()
      .toBuffer();
    expect(await sizes(turned)).toMatchObject({
      width: 200,
      height: 400,
      thumbnail: "200x400 jpeg srgb 3",
      hasExif: false,
    });
  });

  test("transparency becomes white", async () => {
    const clear = await sharp({
      create: { width: 1000, height: 1000, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer();
    const { thumbnail } = await render(clear, options);
    const { data, info } = await sharp(thumbnail).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.channels, data[0], data[1], data[2]]).toEqual([800, 3, 255, 255, 255]);
  });

  test("a small image is not enlarged", async () => {
    expect(await sizes(await plain(400, 300).webp().toBuffer())).toMatchObject({
      thumbnail: "400x300 jpeg srgb 3",
      analysis: "400x300",
    });
  });

  test("gray, palette, 16-bit and CMYK images become sRGB", async () => {
    const images = [
      plain(90, 60).grayscale().jpeg(),
      plain(90, 60, 4).png({ palette: true }),
      plain(90, 60).toColourspace("rgb16").png(),
      plain(90, 60).toColourspace("cmyk").jpeg(),
      plain(90, 60, 4).gif(),
      plain(90, 60).tiff(),
      plain(90, 60).avif(),
    ];
    for (const image of images) {
      expect((await sizes(await image.toBuffer())).thumbnail).toBe("90x60 jpeg srgb 3");
    }
  });

  test("of an animation the first frame is taken", async () => {
    const red = plain(64, 64).png().toBuffer();
    const frames = sharp([await red, await red], { join: { animated: true } });
    expect(await sizes(await frames.gif().toBuffer())).toMatchObject({ width: 64, height: 64 });
  });

  test("what is no photo is refused with its reason", async () => {
    const jpeg = await plain(600, 600).jpeg().toBuffer();
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(), /buffer|empty/i],
      [Buffer.from("PK\u0003\u0004 not an image"), /unsupported image format/],
      [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /format is svg/],
      [jpeg.subarray(0, jpeg.length / 2), /premature|truncated|corrupt|end of/i],
    ];
    for (const [bytes, reason] of cases) {
      const refused = await render(bytes, options).catch((error: Error) => error);
      expect(refused).toMatchObject({ code: "VK_IMAGE_UNREADABLE", message: expect.stringMatching(reason) });
    }
  });

  test("an image with too many pixels is refused by its header", async () => {
    const huge = await plain(8, 8).png().toBuffer();
    huge.writeUInt32BE(20_000, 16);
    huge.writeUInt32BE(20_000, 20);
    huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
    await expect(render(huge, options)).rejects.toMatchObject({ code: "VK_IMAGE_TOO_LARGE" });
  });

  test("a HEIC photo is decoded, and one with too many pixels for its decoder is refused by its header", async () => {
    const photo = await readFile(join(import.meta.dirname, "../../../samples/images/recipe-apple-pie.heic"));
    const { width, height } = await sharp(photo).metadata();
    expect(await sizes(photo)).toMatchObject({ mimeType: "image/heif", width, height });
    // Below its ornament the left edge is plain paper, as long as each row begins where it should.
    const { analysis } = await render(photo, options);
    const edge = sharp(analysis).extract({ left: 0, top: 100, width: 8, height: 1_000 });
    const { channels } = await sharp(await edge.png().toBuffer()).stats();
    expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeLessThan(4);
    // The size of the whole image is in its `ispe` boxes, after the box's version and flags.
    for (let at = photo.indexOf("ispe"); at >= 0; at = photo.indexOf("ispe", at + 4)) {
      photo.writeUInt32BE(9_000, at + 8);
      photo.writeUInt32BE(6_000, at + 12);
    }
    await expect(render(photo, options)).rejects.toMatchObject({
      code: "VK_IMAGE_TOO_LARGE",
      message: expect.stringContaining("upload it as JPEG"),
    });
  });
});
