declare module "heic-decode" {
  interface DecodedImage {
    readonly width: number;
    readonly height: number;
    readonly data: Uint8ClampedArray;
  }

  /** Upright RGBA pixels of the first image. */
  export default function decode(input: { readonly buffer: Uint8Array }): Promise<DecodedImage>;
}
