import * as z from "zod";
import { collections } from "../../contract/collections.ts";
import { problems } from "../text/problems.ts";
import { InputError } from "../vectorkeep-error.ts";
import { snapshotPointer } from "./snapshot-manifest.ts";

const request = z.object({ collection: z.enum(collections) });

export const snapshotAnswer = z.discriminatedUnion("state", [
  z.object({ state: z.literal("nothing") }),
  z.object({ state: z.enum(["written", "current", "superseded"]), latest: snapshotPointer }),
]);

export type SnapshotRequest = z.infer<typeof request>;
export type SnapshotAnswer = z.infer<typeof snapshotAnswer>;

/** The function's event has no collection. */
export class SnapshotRequestInvalidError extends InputError {
  constructor(found: readonly string[]) {
    super(
      `The request is not usable: ${found.join("; ")}.`,
      "Use `npm run generations -- lines|words --export`.",
    );
  }
}

/** Throws SnapshotRequestInvalidError. */
export function parseSnapshotRequest(event: unknown): SnapshotRequest {
  const parsed = request.safeParse(event);
  if (!parsed.success) throw new SnapshotRequestInvalidError(problems(parsed.error));
  return parsed.data;
}
