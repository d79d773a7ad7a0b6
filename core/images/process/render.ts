import sharp, { type Sharp } from "sharp";
import { withHeicPixels } from "./heic.ts";
import { ImageTooLargeError, ImageUnreadableError } from "./image-errors.ts";

/** Longest sides in pixels. Providers downscale larger images to the second one, and charge for the transfer. */
const thumbnailSide = 800;
const analysisSide = 1568;
const quality = 85;
/** The limit of one libvips operation, so that a crafted file does not use up the function's time at each receive. */
const timeout = { seconds: 30 };
/** libheif holds an image three times in memory; the largest iPhone photos have 48 million pixels. */
const maxHeicPixels = 50_000_000;

/** libvips formats of photos. libvips also reads SVG, PDF and others, which are programs or documents. */
const mimeTypes: Readonly<Record<string, string>> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  tiff: "image/tiff",
  heif: "image/heif",
};

/** The function itself limits concurrency to one image per thread, and libvips' cache would only use memory. */
sharp.concurrency(1);
sharp.cache(false);

export interface RenderOptions {
  readonly maxPixels: number;
  /** Whether HEVC-coded HEIC files are decoded. */
  readonly heic: boolean;
}

export interface Rendered {
  readonly mimeType: string;
  readonly width: number;
  readonly height: number;
  /** JPEG in sRGB, upright, without metadata, on white, never enlarged. */
  readonly thumbnail: Uint8Array;
  readonly analysis: Uint8Array;
}

/** Decodes the first frame once and renders both sizes. Throws ImageUnreadableError or ImageTooLargeError. */
export async function render(bytes: Uint8Array, options: RenderOptions): Promise<Rendered> {
  try {
    return await renderAll(bytes, options);
  } catch (error) {
    if (error instanceof ImageTooLargeError || error instanceof ImageUnreadableError) throw error;
    throw new ImageUnreadableError((error as Error).message, { cause: error });
  }
}

async function renderAll(bytes: Uint8Array, { maxPixels, heic }: RenderOptions): Promise<Rendered> {
  const { mimeType, isHevc, width, height } = await inspect(bytes, maxPixels);
  if (isHevc && !heic) throw new ImageUnreadableError("HEIC is not accepted (images:heic is false)");
  const { data, info } = isHevc
    ? await withHeicPixels(bytes, reduced)
    : await reduced(upright(bytes, maxPixels));
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const jpeg = (image: Sharp) => image.jpeg({ quality }).timeout(timeout).toBuffer();
  const [analysis, thumbnail] = [
    await jpeg(sharp(data, { raw })),
    await jpeg(fitted(sharp(data, { raw }), thumbnailSide)),
  ];
  return { mimeType, width, height, thumbnail, analysis };
}

/** Returns the pixels of the analysis copy. */
function reduced(source: Sharp) {
  return fitted(source, analysisSide)
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw()
    .timeout(timeout)
    .toBuffer({ resolveWithObject: true });
}

/** Reads only the header, so that limits are checked before any pixel is decoded. */
async function inspect(bytes: Uint8Array, maxPixels: number) {
  // With sharp's own limit, the error message would be less helpful.
  const header = await sharp(bytes, { limitInputPixels: false }).metadata();
  const mimeType = mimeTypes[header.format ?? ""];
  if (mimeType === undefined) throw new ImageUnreadableError(`its format is ${header.format}`);
  const isHevc = header.format === "heif" && header.compression === "hevc";
  checkPixels(header, maxPixels, "raise images:maxMegapixels");
  if (isHevc) checkPixels(header, maxHeicPixels, "upload it as JPEG");
  const { width, height } = header.autoOrient;
  return { mimeType, isHevc, width, height };
}

function checkPixels(
  { width, height }: { readonly width: number; readonly height: number },
  limit: number,
  remedy: string,
): void {
  if (width * height <= limit) return;
  throw new ImageTooLargeError(`${width} x ${height} pixels`, `${limit} pixels`, remedy);
}

/** Rejects truncated files, but not decoder warnings, which files of some cameras cause. */
function upright(bytes: Uint8Array, maxPixels: number): Sharp {
  return sharp(bytes, { limitInputPixels: maxPixels, failOn: "error" }).autoOrient();
}

function fitted(image: Sharp, side: number): Sharp {
  return image.resize({ width: side, height: side, fit: "inside", withoutEnlargement: true });
}
