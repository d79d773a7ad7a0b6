import { Readable } from "node:stream";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { EventPublisher } from "../../../core/images/events/event-publisher.ts";
import { parseImageKey } from "../../../core/images/events/image-key.ts";
import { parseObjectChanges } from "../../../core/images/events/object-events.ts";
import { paddedSequencer } from "../../../core/images/events/sequencer.ts";

const busEvent = (type: string, key: string) =>
  JSON.stringify({
    source: "aws.s3",
    "detail-type": type,
    detail: { bucket: { name: "b" }, object: { key, size: 3, etag: "e", sequencer: "00ab" } },
  });

describe("the key of an image", () => {
  test("names its user and its item", () => {
    expect(parseImageKey("b", "ann/My Photo.JPG")).toMatchObject({ userId: "ann", name: "My Photo" });
  });

  test("in a deeper folder has an id of its own, the same every time", () => {
    const one = parseImageKey("b", "ann/x/original.jpg");
    expect(one.name).toBeUndefined();
    expect(one.ownId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(one.ownId).toBe(parseImageKey("b", "ann/x/original.jpg").ownId);
    expect(one.ownId).not.toBe(parseImageKey("b", "ann/y/original.jpg").ownId);
  });

  test.each([
    ["photo.jpg", "no slash"],
    ["/photo.jpg", "is empty"],
    ["ann/", "folder"],
    ["ann/notes.txt", 'extension is "txt"'],
    ["ann/photo", "extension"],
  ])("%s is refused with its reason", (key, reason) => {
    expect(() => parseImageKey("b", key)).toThrow(
      expect.objectContaining({ code: "VK_IMAGE_KEY_INVALID", message: expect.stringContaining(reason) }),
    );
  });
});

describe("an event of S3", () => {
  test("from EventBridge has its key as it is", () => {
    expect(parseObjectChanges(busEvent("Object Created", "ann/a+b.jpg"))).toEqual([
      {
        kind: "created",
        bucket: "b",
        key: "ann/a+b.jpg",
        size: 3,
        etag: "e",
        sequencer: `00AB${"0".repeat(60)}`,
      },
    ]);
    expect(parseObjectChanges(busEvent("Object Deleted", "ann/a.jpg"))).toMatchObject([{ kind: "deleted" }]);
  });

  test("from a notification may have several records, whose keys are URL-encoded", () => {
    const record = (eventName: string, key: string) => ({
      eventName,
      s3: { bucket: { name: "b" }, object: { key, size: 3, eTag: "e", sequencer: "01" } },
    });
    const Records = [
      record("ObjectCreated:Put", "ann/my+image%281%29.jpg"),
      record("ObjectRemoved:Delete", "ann/b.jpg"),
    ];
    expect(parseObjectChanges(JSON.stringify({ Records }))).toMatchObject([
      { kind: "created", key: "ann/my image(1).jpg" },
      { kind: "deleted", key: "ann/b.jpg" },
    ]);
  });

  test("that S3 sends as a test changes nothing, and anything else is refused", () => {
    expect(parseObjectChanges(JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent" }))).toEqual([]);
    for (const body of ["no json", "{}", busEvent("Object Restored", "ann/a.jpg")]) {
      expect(() => parseObjectChanges(body)).toThrow(
        expect.objectContaining({ code: "VK_OBJECT_EVENT_INVALID" }),
      );
    }
  });

  test("is ordered by its sequencer, padded on the right", () => {
    const sorted = ["0055A", "0055", "00551", "0056"].map(paddedSequencer).sort();
    expect(sorted).toEqual(["0055", "00551", "0055A", "0056"].map(paddedSequencer));
  });
});

describe("publishing an event", () => {
  const event = { source: "collections.analyzer", detailType: "AnalysisComplete", detail: { item_id: "a" } };

  /** A publisher whose PutEvents gets this answer. */
  function publisher(answer: object) {
    const bodies: string[] = [];
    const client = new EventBridgeClient({
      region: "us-east-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      requestHandler: {
        handle: async ({ body }: { body: Uint8Array }) => {
          bodies.push(new TextDecoder().decode(body));
          const headers = { "content-type": "application/x-amz-json-1.1" };
          return { response: { statusCode: 200, headers, body: Readable.from([JSON.stringify(answer)]) } };
        },
      } as never,
    });
    return { publisher: new EventPublisher(client, "default"), bodies };
  }

  test("sends its source, type and detail to the bus", async () => {
    const { publisher: own, bodies } = publisher({ FailedEntryCount: 0, Entries: [{ EventId: "1" }] });
    await own.publish(event);
    expect(JSON.parse(bodies[0] ?? "")).toEqual({
      Entries: [
        {
          Source: "collections.analyzer",
          DetailType: "AnalysisComplete",
          Detail: '{"item_id":"a"}',
          EventBusName: "default",
        },
      ],
    });
  });

  test("fails where PutEvents succeeds and its entry does not", async () => {
    const Entries = [{ ErrorCode: "ThrottlingException", ErrorMessage: "slow down" }];
    await expect(publisher({ FailedEntryCount: 1, Entries }).publisher.publish(event)).rejects.toMatchObject({
      code: "VK_EVENT_NOT_PUBLISHED",
      message: expect.stringContaining("ThrottlingException: slow down"),
    });
  });
});
