import { InputError } from "../../vectorkeep-error.ts";

/** The object cannot be rendered: it is not an image, in an unsupported format, or corrupt. */
export class ImageUnreadableError extends InputError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The image cannot be read: ${reason}.`,
      "Upload it as JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC; `npm run failed` lists it until then.",
      options,
    );
  }
}

/** The object is larger than the settings allow. */
export class ImageTooLargeError extends InputError {
  constructor(what: string, limit: string, remedy: string) {
    super(`The image has ${what}; at most ${limit} are accepted.`, `Upload a smaller one, or ${remedy}.`);
  }
}
