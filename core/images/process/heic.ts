import type { Decoded, Handle, LibHeif, Plane, Status } from "libheif-js/wasm-bundle.js";
import sharp, { type Sharp } from "sharp";
import { ImageUnreadableError } from "./image-errors.ts";

/**
 * Runs the work with the upright pixels of a HEIC file's primary image. The pixels stay in WebAssembly memory, because
 * a copy of 48 million pixels would double the memory of the process. Throws ImageUnreadableError.
 */
export async function withHeicPixels<T>(bytes: Uint8Array, work: (pixels: Sharp) => Promise<T>): Promise<T> {
  // The prebuilt sharp has no HEVC decoder. libheif as WebAssembly is 2 MB, so it is loaded on demand.
  const { default: libheif } = await import("libheif-js/wasm-bundle.js");
  const context = libheif.heif_context_alloc();
  try {
    const read = libheif.heif_context_read_from_memory(context, bytes);
    if (read.code !== libheif.heif_error_code.heif_error_Ok) throw new ImageUnreadableError(read.message);
    const handle = succeeded(libheif.heif_js_context_get_primary_image_handle(context));
    try {
      return await withDecoded(handle, libheif, work);
    } finally {
      libheif.heif_image_handle_release(handle);
    }
  } finally {
    libheif.heif_context_free(context);
  }
}

async function withDecoded<T>(
  handle: Handle,
  libheif: LibHeif,
  work: (pixels: Sharp) => Promise<T>,
): Promise<T> {
  const { heif_chroma_interleaved_RGBA, heif_chroma_interleaved_RGB } = libheif.heif_chroma;
  const hasAlpha = libheif.heif_image_handle_has_alpha_channel(handle) !== 0;
  const decoded = succeeded(
    libheif.heif_js_decode_image2(
      handle,
      libheif.heif_colorspace.heif_colorspace_RGB,
      hasAlpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
    ),
  );
  try {
    return await work(pixelsOf(decoded, hasAlpha ? 4 : 3));
  } finally {
    libheif.heif_image_release(decoded.image);
  }
}

function pixelsOf({ channels: [plane] }: Decoded, channels: 3 | 4): Sharp {
  const { width, height, data } = plane;
  const length = width * height * channels;
  closeRows(plane, width * channels);
  return sharp(Buffer.from(data.buffer, data.byteOffset, length), { raw: { width, height, channels } });
}

/** Removes the padding at the end of rows, which sharp does not support. */
function closeRows({ data, stride, height }: Plane, rowBytes: number): void {
  if (stride === rowBytes) return;
  for (let row = 1; row < height; row += 1) {
    data.copyWithin(row * rowBytes, row * stride, row * stride + rowBytes);
  }
}

function succeeded<Result extends Handle>(result: Status | Result): Result {
  if (result.code === undefined) return result as Result;
  throw new ImageUnreadableError((result as Status).message);
}
