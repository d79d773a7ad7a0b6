import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { collections } from "../../contract/collections.ts";
import { redriveDocument } from "../../core/runs/redrive-document.ts";
import { imageId } from "../unit/collections/sample-deltas.ts";
import { expectClean } from "./clean.ts";
import { freshStack } from "./fresh-stack.ts";
import { recover } from "./recovery.ts";
import { begun } from "./scenario.ts";
import { chosen, faultTest, type Random } from "./seeds.ts";

const freshly = freshStack();
const image = 4;

/** What becomes of a delta's bytes; undefined where there is nothing left of them. */
const harms: Record<string, (bytes: Uint8Array, random: Random) => Uint8Array | undefined> = {
  "is missing": () => undefined,
  "is cut": (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  "is empty": () => new Uint8Array(),
  "has a flipped bit": (bytes, random) => {
    const flipped = Uint8Array.from(bytes);
    const position = random.below(flipped.length);
    flipped[position] = (flipped[position] ?? 0) ^ (1 << random.below(8));
    return flipped;
  },
};

describe("F1 F2 F6 F8: a delta that cannot be read fails alone, with its reason, and a redrive replaces it", () => {
  for (const name of chosen(Object.keys(harms), 1)) {
    faultTest(name, async (random) => {
      const { stack, application } = await begun(freshly);
      const collection = random.one(collections);
      await application.export(image, [["EGGS", "3.00"]]);
      const key = application.keyOf(image, collection);
      const whole = (await stack.deltas.get(key)) ?? new Uint8Array();
      const place = { Bucket: stack.bucket, Key: key };
      const harmed = harms[name]?.(whole, random);
      await stack.s3.send(
        harmed ? new PutObjectCommand({ ...place, Body: harmed }) : new DeleteObjectCommand(place),
      );
      await application.announce();
      await recover(stack);
      await expectClean(stack, application, { failed: [{ collection, image }] });
      const receipt = { imageId: imageId(image), receiptId: 1 };
      const run = await stack.runs.find({ ...receipt, runId: application.runIdOf(image) ?? "" });
      expect(run?.halves[collection]).toMatchObject({ state: "FAILED", failures: 3 });
      expect(run?.halves[collection].error).toMatch(
        /delta.* (cannot be read|cannot be applied|no such object)/is,
      );

      await stack.s3.send(new PutObjectCommand({ ...place, Body: whole }));
      await redriveDocument(stack, receipt, new Date().toISOString());
      await stack.aws.purge(stack.queueUrls[`${collection}-dead-letters`]);
      await recover(stack);
      await expectClean(stack, application);
    });
  }
});
