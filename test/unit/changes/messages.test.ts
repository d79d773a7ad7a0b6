import { collections } from "../../../contract/collections.ts";
import {
  type EntityType,
  entityTypes,
  holdsReceiptFacts,
  watchedEntities,
} from "../../../contract/watched-entities.ts";
import { sortRecords } from "../../../core/changes/sort-records.ts";
import { type Watched, watchedOf, whole } from "../../../core/changes/watched.ts";
import { changeMessageBody } from "../../../core/entities/change-message.ts";
import { image, run, runItem, sortKeys, streamRecord } from "./stream-records.ts";

const old = { merchant_name: "CAFE", validation_status: "PENDING", note: "a" };

/** A record of each event: for a MODIFY, `field` is what changes. */
function recordOf(type: EntityType, event: "INSERT" | "MODIFY" | "REMOVE", field = "note") {
  const before = type === "COMPACTION_RUN" ? { ...runItem, note: "a" } : old;
  const after = event === "MODIFY" ? { ...before, [field]: "changed" } : before;
  return streamRecord(sortKeys[type], {
    ...(event !== "INSERT" && { before }),
    ...(event !== "REMOVE" && { after }),
  });
}

function goesTo(record: unknown, watched: Watched = whole): string {
  const { boxes } = sortRecords([record], watched);
  expect(boxes.rejected.messages).toEqual([]);
  const reached = collections.filter((collection) => boxes[collection].messages.length > 0);
  return reached.join(" and ") || "nobody";
}

const both = "lines and words";
/** INSERT, MODIFY of a watched field, MODIFY of another field, REMOVE. */
const table: Record<EntityType, [string, string, string, string]> = {
  COMPACTION_RUN: [both, "nobody", "nobody", "nobody"],
  RECEIPT_METADATA: [both, both, "nobody", both],
  RECEIPT_PLACE: [both, both, "nobody", both],
  RECEIPT_WORD_LABEL: ["words", "words", "nobody", "words"],
  RECEIPT: ["nobody", "nobody", "nobody", both],
  RECEIPT_LINE: ["nobody", "nobody", "nobody", both],
  RECEIPT_WORD: ["nobody", "nobody", "nobody", "words"],
};

describe("the table of change messages", () => {
  const watchedField = (type: EntityType) =>
    type === "RECEIPT_WORD_LABEL" ? "validation_status" : "merchant_name";

  test.each(entityTypes)("%s: INSERT, watched and other MODIFY, REMOVE", (type) => {
    expect([
      goesTo(recordOf(type, "INSERT")),
      goesTo(recordOf(type, "MODIFY", watchedField(type))),
      goesTo(recordOf(type, "MODIFY")),
      goesTo(recordOf(type, "REMOVE")),
    ]).toEqual(table[type]);
  });

  test.each(
    entityTypes
      .filter(holdsReceiptFacts)
      .flatMap((type) => watchedEntities[type].fields.map((field) => [type, field] as const)),
  )("%s: a change of %s counts, and so do its coming and going", (type, field) => {
    const record = (before: object, after: object) =>
      goesTo(streamRecord(sortKeys[type], { before: { ...before }, after: { ...after } }));
    expect(record({ [field]: "a" }, { [field]: "b" })).toBe(both);
    expect(record({}, { [field]: "b" })).toBe(both);
    expect(record({ [field]: "a" }, {})).toBe(both);
    expect(record({ [field]: "a" }, { [field]: "a", other: 1 })).toBe("nobody");
    expect(record({}, { [field]: null })).toBe("nobody");
  });

  test.each(watchedEntities.RECEIPT_WORD_LABEL.fields.filter((field) => field !== "label"))(
    "a change of a label's %s counts",
    (field) => {
      const [before, after] = [{ [field]: "a" }, { [field]: "b" }];
      expect(goesTo(streamRecord(sortKeys.RECEIPT_WORD_LABEL, { before, after }))).toBe("words");
    },
  );

  test("F16: nothing that compaction writes is answered", () => {
    for (const field of ["lines_state", "words_error", "updated_at", "attempts", "merchant_name"]) {
      expect(goesTo(recordOf("COMPACTION_RUN", "MODIFY", field))).toBe("nobody");
    }
  });

  test("a REMOVE counts whatever the removed item was like", () => {
    const before = { merchant_name: 7 };
    expect(goesTo(streamRecord(sortKeys.RECEIPT_METADATA, { before }))).toBe(both);
  });

  test.each(entityTypes)("a stack that does not watch %s hears nothing of it", (type) => {
    const watched = { ...whole, entities: new Set(entityTypes.filter((one) => one !== type)) };
    for (const event of ["INSERT", "MODIFY", "REMOVE"] as const) {
      expect(goesTo(recordOf(type, event, watchedField(type)), watched)).toBe("nobody");
    }
  });

  test("a stack gets changes of the fields that it watches, and of no others", () => {
    const watched = watchedOf({
      WATCHED_ENTITIES: [...entityTypes],
      WATCHED_METADATA_FIELDS: ["place_id"],
      WATCHED_PLACE_FIELDS: ["formatted_address"],
      WATCHED_LABEL_FIELDS: ["reasoning"],
    });
    expect(goesTo(recordOf("RECEIPT_METADATA", "MODIFY", "place_id"), watched)).toBe(both);
    expect(goesTo(recordOf("RECEIPT_METADATA", "MODIFY", "merchant_name"), watched)).toBe("nobody");
    expect(goesTo(recordOf("RECEIPT_PLACE", "MODIFY", "formatted_address"), watched)).toBe(both);
    expect(goesTo(recordOf("RECEIPT_PLACE", "MODIFY", "place_id"), watched)).toBe("nobody");
    expect(goesTo(recordOf("RECEIPT_WORD_LABEL", "MODIFY", "reasoning"), watched)).toBe("words");
    expect(goesTo(recordOf("RECEIPT_WORD_LABEL", "MODIFY", "validation_status"), watched)).toBe("nobody");
    expect(goesTo(recordOf("RECEIPT_METADATA", "REMOVE"), watched)).toBe(both);
  });
});

function messageOf(record: unknown, collection: "lines" | "words" = "words") {
  const [message] = sortRecords([record], whole).boxes[collection].messages;
  if (!message) throw new Error("The record has no message.");
  return { ...message, body: JSON.parse(message.body) };
}

describe("a change message", () => {
  const ids = { image_id: image, receipt_id: 7 };

  test.each([
    ["COMPACTION_RUN", "INSERT", { ...ids, run_id: run, delta_prefix: runItem.words_delta_prefix }],
    ["RECEIPT_METADATA", "INSERT", ids],
    ["RECEIPT_WORD_LABEL", "INSERT", { ...ids, line_id: 2, word_id: 3, label: "TOTAL" }],
    ["RECEIPT", "REMOVE", ids],
    ["RECEIPT_LINE", "REMOVE", { ...ids, line_id: 2 }],
    ["RECEIPT_WORD", "REMOVE", { ...ids, line_id: 2, word_id: 3 }],
  ] as const)("of %s names its entity, and its schema reads it", (type, event, entityData) => {
    const { body, messageAttributes } = messageOf(recordOf(type, event));
    expect(body).toMatchObject({
      source: "dynamodb_stream",
      entity_type: type,
      entity_data: entityData,
      event_name: event,
      timestamp: "2026-09-21T14:13:20.000Z",
      stream_record_id: "event-100",
      aws_region: "eu-west-1",
      record_snapshot: { SK: sortKeys[type] },
    });
    expect(changeMessageBody.parse(body)).toEqual(body);
    const attributes = Object.entries(messageAttributes).map(([name, value]) => [name, value.StringValue]);
    expect(Object.fromEntries(attributes)).toEqual({
      source: "dynamodb_stream",
      entity_type: type,
      event_name: event,
      collection: "words",
    });
  });

  test("of a run has the delta of its own collection", () => {
    const record = recordOf("COMPACTION_RUN", "INSERT");
    expect(messageOf(record, "lines").body.entity_data.delta_prefix).toBe(runItem.lines_delta_prefix);
    expect(messageOf(record, "words").body.entity_data.delta_prefix).toBe(runItem.words_delta_prefix);
  });

  test("has old and new values of watched fields, null where there is none", () => {
    const before = { merchant_name: "CAFE", address: "1 High Street", note: "a" };
    const after = { merchant_name: "CAFE 2", place_id: "p", note: "b" };
    expect(messageOf(streamRecord(sortKeys.RECEIPT_METADATA, { before, after })).body.changes).toEqual({
      merchant_name: { old: "CAFE", new: "CAFE 2" },
      address: { old: "1 High Street", new: null },
      place_id: { old: null, new: "p" },
    });
  });

  test("belongs to its receipt's group, that of a label to its word's", () => {
    const group = `IMAGE#${image}#RECEIPT#00007`;
    for (const type of ["COMPACTION_RUN", "RECEIPT_METADATA"] as const) {
      expect(messageOf(recordOf(type, "INSERT")).groupId).toBe(group);
    }
    for (const type of ["RECEIPT", "RECEIPT_LINE", "RECEIPT_WORD"] as const) {
      expect(messageOf(recordOf(type, "REMOVE")).groupId).toBe(group);
    }
    expect(messageOf(recordOf("RECEIPT_WORD_LABEL", "REMOVE")).groupId).toBe(
      `${group}#LINE#00002#WORD#00003`,
    );
  });

  test("leaves a snapshot over 64 KiB out", () => {
    const after = { merchant_name: "CAFE", note: "x".repeat(70_000) };
    expect(messageOf(streamRecord(sortKeys.RECEIPT_METADATA, { after })).body.record_snapshot).toBeNull();
  });

  test("F39: carries no character that SQS refuses, and stays below its limit whatever has changed", () => {
    const before = { address: "\u0001\ufffe".repeat(60_000) };
    const after = { address: "\uffff".repeat(100_000), merchant_name: "CAF\uffffE" };
    const [message] = sortRecords([streamRecord(sortKeys.RECEIPT_METADATA, { before, after })], whole).boxes
      .words.messages;
    expect(message?.body).not.toMatch(/[\ufffe\uffff]/);
    expect(Buffer.byteLength(message?.body ?? "")).toBeLessThan(64 * 1024);
    const { changes } = JSON.parse(message?.body ?? "");
    expect(changes.merchant_name.new).toBe("CAF\uffffE");
    expect(changes.address.new).toContain("cut from 300000 bytes");
  });

  test("shows sets, bytes and numbers of 38 digits in its snapshot, though JSON has none of them", () => {
    const record = streamRecord(sortKeys.RECEIPT_METADATA, { after: {} });
    const NewImage = {
      tags: { SS: ["a", "b"] },
      scan: { B: new Uint8Array([1, 2]) },
      serial: { N: "12345678901234567890123456789012345678" },
      total: { N: "12.5" },
    };
    const odd = { ...record, dynamodb: { ...record.dynamodb, NewImage } };
    expect(messageOf(odd).body.record_snapshot).toEqual({
      tags: ["a", "b"],
      scan: "AQI=",
      serial: "12345678901234567890123456789012345678",
      total: 12.5,
    });
  });
});
