import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { findReceiptFolders } from "../../../core/ingest/export-folder.ts";
import type { PlaceEntry } from "./directory.ts";

const entry = z.strictObject({
  name: z.string().min(1),
  address: z.string().min(1),
  phone: z.string().optional(),
  website: z.string().optional(),
  category: z.string().optional(),
});
const key = z.object({ company: z.string().min(1), address: z.string().default("") });

/** The places of a file: a JSON list of `{name, address, phone, website, category}`. */
export async function readPlaces(file: string): Promise<PlaceEntry[]> {
  return z
    .array(entry)
    .parse(JSON.parse(await readFile(file, "utf8")))
    .map(withId);
}

/** Returns one place per company and address in the `key.json` files of receipts below a folder. */
export async function placesOfKeys(folder: string): Promise<PlaceEntry[]> {
  const places = new Map<string, PlaceEntry>();
  for (const receipt of await findReceiptFolders(folder)) {
    const file = join(receipt.folder, "key.json");
    const parsed = key.safeParse(await readFile(file, "utf8").then(JSON.parse, () => undefined));
    if (!parsed.success) continue;
    const place = withId({ name: parsed.data.company, address: parsed.data.address });
    places.set(place.id, place);
  }
  return [...places.values()];
}

/** Ids depend on name and address alone, so that they are the same after a restart. */
function withId(place: Omit<PlaceEntry, "id">): PlaceEntry {
  return { id: `local-${hash("sha256", `${place.name}\n${place.address}`, "hex").slice(0, 20)}`, ...place };
}
