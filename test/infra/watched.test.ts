import { z } from "zod";
import { watchedEntities } from "../../contract/watched-entities.ts";
import { watchedConfig, watchedOf, whole } from "../../core/changes/watched.ts";
import { ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

test("a stack that chooses nothing watches all that shows in a vector, and not why a label is believed", async () => {
  const functions = ofType(await deployStack("dev"), "aws:lambda/function:Function");
  const { environment } = functions.get("vectorkeep-dev-stream-processor") as {
    environment: { variables: Record<string, string> };
  };
  const { entities, fields } = watchedOf(z.object(watchedConfig).parse(environment.variables));
  expect(entities).toEqual(whole.entities);
  expect([...(fields.RECEIPT_METADATA ?? [])].sort()).toEqual(
    [...watchedEntities.RECEIPT_METADATA.fields].sort(),
  );
  expect([...(fields.RECEIPT_PLACE ?? [])].sort()).toEqual([...watchedEntities.RECEIPT_PLACE.fields].sort());
  const unseen = ["label_proposed_by", "reasoning"];
  expect(fields.RECEIPT_WORD_LABEL).toEqual(
    watchedEntities.RECEIPT_WORD_LABEL.fields.filter((field) => !unseen.includes(field)),
  );
});
