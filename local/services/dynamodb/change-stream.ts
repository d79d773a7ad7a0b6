import { createHash } from "node:crypto";
import { accountId, region } from "../../protocol/account.ts";
import { AwsError } from "../../protocol/service.ts";
import type { Item } from "./values/attribute-value.ts";
import { equalValues } from "./values/compare.ts";

export type StreamViewType = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";

/** The author of a change that the service itself made. */
export interface UserIdentity {
  readonly type: "Service";
  readonly principalId: "dynamodb.amazonaws.com";
}

/** In the format of GetRecords. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  readonly eventVersion: "1.1";
  readonly eventSource: "aws:dynamodb";
  readonly awsRegion: string;
  readonly userIdentity?: UserIdentity;
  readonly dynamodb: {
    /** Epoch seconds. */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: StreamViewType;
  };
}

export interface StreamedTable {
  readonly name: string;
  readonly keyNames: readonly string[];
}

export interface KeptStream {
  readonly viewType: StreamViewType;
  readonly createdAt: number;
  readonly records: readonly StreamRecord[];
  readonly trimmed: number;
}

/** AWS keeps a day; this keeps as many records as fit in memory comfortably, and forgets a block at a time. */
const recordsKept = 100_000;
const recordsForgottenAtOnce = 10_000;
const answerRecords = 1_000;
const answerBytes = 1_048_576;
const sequenceWidth = 21;

/** The stream of one table: one shard that never splits, its records in the order of the writes. */
export class ChangeStream {
  static readonly shardId = "shardId-00000000000000000000-00000001";
  readonly table: StreamedTable;
  readonly viewType: StreamViewType;
  /** ISO time of creation, part of the ARN. */
  readonly label: string;
  readonly arn: string;
  readonly createdAt: number;
  private records: StreamRecord[] = [];
  /** The number of trimmed records, which is the position of the oldest one kept. */
  private trimmed = 0;
  /** Whether the stream was disabled. Its records can still be read. */
  ended = false;

  constructor(table: StreamedTable, viewType: StreamViewType, now: Date) {
    this.table = table;
    this.viewType = viewType;
    this.createdAt = now.getTime() / 1000;
    this.label = now.toISOString().slice(0, -1);
    this.arn = `arn:aws:dynamodb:${region}:${accountId}:table/${table.name}/stream/${this.label}`;
  }

  /** The saved state of a stream. */
  save(): KeptStream {
    const { viewType, createdAt, records, trimmed } = this;
    return { viewType, createdAt, records, trimmed };
  }

  static restored(table: StreamedTable, { viewType, createdAt, records, trimmed }: KeptStream): ChangeStream {
    const stream = new ChangeStream(table, viewType, new Date(Math.round(createdAt * 1000)));
    stream.records = [...records];
    stream.trimmed = trimmed;
    return stream;
  }

  get end(): number {
    return this.trimmed + this.records.length;
  }

  get start(): number {
    return this.trimmed;
  }

  /** Records a write; one that changed nothing leaves no record. */
  append(before: Item | undefined, after: Item | undefined, by?: UserIdentity): void {
    const image = after ?? before;
    if (image === undefined || this.ended) return;
    if (before !== undefined && after !== undefined && equalValues({ M: before }, { M: after })) return;
    this.records.push(this.record(image, before, after, by));
    if (this.records.length < recordsKept + recordsForgottenAtOnce) return;
    this.records.splice(0, recordsForgottenAtOnce);
    this.trimmed += recordsForgottenAtOnce;
  }

  /** Up to `limit` records from a position on, within AWS's size of an answer. Throws TrimmedDataAccessException. */
  read(position: number, limit = answerRecords): StreamRecord[] {
    if (position < this.trimmed) {
      throw new AwsError(
        400,
        "TrimmedDataAccessException",
        "The requested records were trimmed: they are older than what the stream keeps.",
      );
    }
    const from = position - this.trimmed;
    const page: StreamRecord[] = [];
    let bytes = 0;
    for (const record of this.records.slice(from, from + Math.min(limit, answerRecords))) {
      bytes += record.dynamodb.SizeBytes;
      if (page.length > 0 && bytes > answerBytes) break;
      page.push(record);
    }
    return page;
  }

  /** The position of a sequence number of this stream. */
  positionOf(sequenceNumber: string): number {
    return Number(BigInt(sequenceNumber) - firstSequence);
  }

  sequenceNumberAt(position: number): string {
    return (firstSequence + BigInt(position)).toString();
  }

  private record(
    image: Item,
    before: Item | undefined,
    after: Item | undefined,
    by: UserIdentity | undefined,
  ): StreamRecord {
    const sequenceNumber = this.sequenceNumberAt(this.end);
    const showsNew = this.viewType === "NEW_IMAGE" || this.viewType === "NEW_AND_OLD_IMAGES";
    const showsOld = this.viewType === "OLD_IMAGE" || this.viewType === "NEW_AND_OLD_IMAGES";
    return {
      eventID: createHash("md5").update(this.arn).update(sequenceNumber).digest("hex"),
      eventName: before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY",
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: region,
      ...(by === undefined ? {} : { userIdentity: by }),
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
        Keys: Object.fromEntries(
          this.table.keyNames.map((name) => [name, image[name] ?? { NULL: true as const }]),
        ),
        ...(showsNew && after !== undefined ? { NewImage: after } : {}),
        ...(showsOld && before !== undefined ? { OldImage: before } : {}),
        SequenceNumber: sequenceNumber,
        SizeBytes: JSON.stringify([before, after]).length,
        StreamViewType: this.viewType,
      },
    };
  }
}

const firstSequence = 10n ** BigInt(sequenceWidth - 1);
