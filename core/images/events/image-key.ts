import { createHash } from "node:crypto";
import { imageExtensions } from "../../../contract/images.ts";
import { InputError } from "../../vectorkeep-error.ts";

/** The UUID namespace for ids of objects whose name cannot be their id. */
const namespace = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");

/** The key of an object has no user. */
export class ImageKeyInvalidError extends InputError {
  constructor(key: string, problem: string) {
    super(
      `The object ${key} is not an image of a user: ${problem}.`,
      "Upload it as {user_id}/{item_id}.{extension}.",
    );
  }
}

export interface ImageKey {
  readonly bucket: string;
  readonly key: string;
  /** The part before the first slash. */
  readonly userId: string;
  /** The name without its extension; undefined if the key has more than two parts. */
  readonly name: string | undefined;
  /** Unique per bucket and key. */
  readonly ownId: string;
}

/** Reads the user and the name from a key. Throws ImageKeyInvalidError. */
export function parseImageKey(bucket: string, key: string): ImageKey {
  const [userId = "", ...rest] = key.split("/");
  const file = rest.at(-1) ?? "";
  if (rest.length === 0) throw new ImageKeyInvalidError(key, "there is no slash after the user");
  if (userId === "") throw new ImageKeyInvalidError(key, "the user before the first slash is empty");
  if (file === "") throw new ImageKeyInvalidError(key, "it is a folder");
  const extension = /\.([^.]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  if (!imageExtensions.some((known) => known === extension)) {
    throw new ImageKeyInvalidError(
      key,
      `its extension is "${extension}", not one of ${imageExtensions.join(", ")}`,
    );
  }
  const name = file.slice(0, -extension.length - 1);
  const isPlain = rest.length === 1 && name !== "";
  return { bucket, key, userId, name: isPlain ? name : undefined, ownId: uuidV5(`${bucket}/${key}`) };
}

/** RFC 9562, section 5.5. */
function uuidV5(name: string): string {
  const hash = createHash("sha1").update(namespace).update(name).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
