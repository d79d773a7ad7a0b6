import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";

/** The photos of current phones: 48 million pixels. */
const large = { width: 8_064, height: 6_048 };
const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
/** Noise of full size takes an encoder minutes. */
const coarseness = 16;

export async function largeJpeg(folder: string): Promise<string> {
  const file = join(folder, "large.jpg");
  await sharp({ create: { ...large, channels: 3, background: "#808080", noise } })
    .jpeg()
    .toFile(file);
  return file;
}

/** Undefined where libheif's encoder is not installed. */
export async function largeHeic(folder: string): Promise<string | undefined> {
  const [source, file] = [join(folder, "coarse.jpg"), join(folder, "large.heic")];
  const { width, height } = large;
  const size = { width: width / coarseness, height: height / coarseness };
  const coarse = sharp({ create: { ...size, channels: 3, background: "#808080", noise } });
  await sharp(await coarse.png().toBuffer())
    .resize(large)
    .jpeg()
    .toFile(source);
  try {
    await promisify(execFile)("heif-enc", ["-q", "40", "-p", "preset=ultrafast", source, "-o", file]);
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
