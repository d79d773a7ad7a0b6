import { z } from "zod";
import { watchedConfig, watchedOf, whole } from "../../core/changes/watched.ts";
import * as known from "../../core/entities/entity-key.ts";
import * as items from "../../core/entities/known-items.ts";
import * as settings from "../../infra/config.ts";
import { ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

test("what a stack may watch is what the stream processor knows", () => {
  expect(settings.entityTypes).toEqual(known.entityTypes);
  expect([...settings.metadataFields].sort()).toEqual([...items.merchantFields].sort());
  expect(settings.labelFields).toEqual(items.labelFields);
});

test("a stack that chooses nothing watches all that shows in a vector, and not why a label is believed", async () => {
  const functions = ofType(await deployStack("dev"), "aws:lambda/function:Function");
  const { environment } = functions.get("vectorkeep-dev-stream-processor") as {
    environment: { variables: Record<string, string> };
  };
  const { entities, fields } = watchedOf(z.object(watchedConfig).parse(environment.variables));
  expect(entities).toEqual(whole.entities);
  expect([...(fields.RECEIPT_METADATA ?? [])].sort()).toEqual([...items.merchantFields].sort());
  const unseen = ["label_proposed_by", "reasoning"];
  expect(fields.RECEIPT_WORD_LABEL).toEqual(items.labelFields.filter((field) => !unseen.includes(field)));
});
