/** The used part of libheif's WebAssembly build. Handles are pointers. */
declare module "libheif-js/wasm-bundle.js" {
  export interface Status {
    readonly code: object;
    readonly message: string;
  }

  export interface Handle {
    readonly code: undefined;
  }

  export interface Plane {
    /** Bytes per row, which may exceed those of its pixels. */
    readonly stride: number;
    readonly width: number;
    readonly height: number;
    /** In WebAssembly memory until the image is released. */
    readonly data: Uint8Array;
  }

  export interface Decoded {
    readonly code: undefined;
    readonly image: Handle;
    readonly channels: readonly [Plane];
  }

  export interface LibHeif {
    readonly heif_error_code: { readonly heif_error_Ok: object };
    readonly heif_colorspace: { readonly heif_colorspace_RGB: object };
    readonly heif_chroma: Readonly<
      Record<"heif_chroma_interleaved_RGB" | "heif_chroma_interleaved_RGBA", object>
    >;
    heif_context_alloc(): Handle;
    heif_context_free(context: Handle): void;
    heif_context_read_from_memory(context: Handle, bytes: Uint8Array): Status;
    heif_js_context_get_primary_image_handle(context: Handle): Status | Handle;
    heif_image_handle_has_alpha_channel(handle: Handle): number;
    heif_image_handle_release(handle: Handle): void;
    heif_js_decode_image2(handle: Handle, colorspace: object, chroma: object): Status | Decoded;
    heif_image_release(image: Handle): void;
  }

  const libheif: LibHeif;
  export default libheif;
}
