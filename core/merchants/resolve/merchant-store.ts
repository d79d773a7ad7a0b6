import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { unlessTransactionRefused } from "../../conditional-write.ts";
import { fiveDigits, type ReceiptRef, receiptKey } from "../../receipts/receipt.ts";
import { type Candidate, evidenceKinds, merchantFacts, merchantSources } from "../candidate.ts";
import { provenFacts } from "../decide.ts";
import type { Extracted } from "../receipt-words.ts";
import { type FoundPlace, receiptPlace } from "./receipt-place.ts";

/** The maximum length of the printed evidence, which is stored for people to read. */
const maxPrinted = 200;

const extracted = z.object({ extracted_data: z.object({ type: z.string(), value: z.string() }) });
const evidence = z.object({ kind: z.enum(evidenceKinds), printed: z.string() });
const proposalItem = z.object({
  image_id: z.string(),
  receipt_id: z.number(),
  run_id: z.string(),
  ...merchantFacts.shape,
  source: z.enum(merchantSources),
  confidence: z.number(),
  evidence: z.array(evidence),
  proposed_at: z.string(),
});

/** A merchant for a person to accept. */
export type Proposal = z.infer<typeof proposalItem>;

export interface Found {
  readonly candidate: Candidate;
  readonly confidence: number;
  readonly runId: string;
}

export interface MerchantStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly receiptsTable: string;
  readonly controlTable: string;
  readonly now: () => Date;
}

/** RECEIPT_METADATA and RECEIPT_PLACE of receipts, and the proposals for them. */
export class MerchantStore {
  readonly #options: MerchantStoreOptions;

  constructor(options: MerchantStoreOptions) {
    this.#options = options;
  }

  /** Whether a person, another program or an earlier delivery has already written the merchant. */
  async isKnown(receipt: ReceiptRef): Promise<boolean> {
    const { client, receiptsTable } = this.#options;
    const read = (Key: ReturnType<typeof metadataKey>) =>
      client.send(
        new GetCommand({
          TableName: receiptsTable,
          Key,
          ConsistentRead: true,
          ProjectionExpression: "PK",
        }),
      );
    const found = await Promise.all([metadataKey(receipt), placeKey(receipt)].map(read));
    return found.some(({ Item }) => Item !== undefined);
  }

  /** Returns the facts that OCR recognized in the words of a receipt, if the application stores them in the table. */
  async extractedOf(receipt: ReceiptRef): Promise<Extracted[]> {
    const { client, receiptsTable } = this.#options;
    const pages = paginateQuery(
      { client },
      {
        TableName: receiptsTable,
        KeyConditionExpression: "PK = :image AND begins_with(SK, :lines)",
        FilterExpression: "attribute_type(extracted_data, :map)",
        ProjectionExpression: "extracted_data",
        ExpressionAttributeValues: {
          ":image": `IMAGE#${receipt.imageId}`,
          ":lines": `RECEIPT#${fiveDigits(receipt.receiptId)}#LINE#`,
          ":map": "M",
        },
      },
    );
    const found: Extracted[] = [];
    for await (const { Items = [] } of pages) {
      for (const item of Items) {
        const { data } = extracted.safeParse(item);
        if (data) found.push(data.extracted_data);
      }
    }
    return found;
  }

  /** Writes a resolved merchant unless one is already there. Returns false if one is. */
  resolve(receipt: ReceiptRef, { candidate, confidence, runId }: Found): Promise<boolean> {
    const found = provenance(candidate, confidence);
    const facts = provenFacts(candidate);
    return this.#write(receipt, { ...facts, ...found, run_id: runId }, { ...found, facts });
  }

  /** Stores a proposal and replaces that of an earlier run. */
  async propose(receipt: ReceiptRef, { candidate, confidence, runId }: Found): Promise<void> {
    const { client, controlTable, now } = this.#options;
    const proposal: Proposal = {
      image_id: receipt.imageId,
      receipt_id: receipt.receiptId,
      run_id: runId,
      ...provenFacts(candidate),
      ...provenance(candidate, confidence),
      proposed_at: now().toISOString(),
    };
    await client.send(
      new PutCommand({ TableName: controlTable, Item: { ...proposalKey(receipt), ...proposal } }),
    );
  }

  /** Removes the proposal of a receipt, if any. */
  async forget(receipt: ReceiptRef): Promise<void> {
    const { client, controlTable } = this.#options;
    await client.send(new DeleteCommand({ TableName: controlTable, Key: proposalKey(receipt) }));
  }

  /** Returns the proposals for receipts that still have no merchant. Skips items in other formats. */
  async proposals(): Promise<Proposal[]> {
    const { client, controlTable } = this.#options;
    const pages = paginateQuery(
      { client },
      {
        TableName: controlTable,
        KeyConditionExpression: "PK = :proposals",
        ExpressionAttributeValues: { ":proposals": proposalsPartition },
      },
    );
    const proposals: Proposal[] = [];
    for await (const { Items = [] } of pages) {
      for (const item of Items) {
        const { data } = proposalItem.safeParse(item);
        if (data && !(await this.isKnown(receiptOf(data)))) proposals.push(data);
      }
    }
    return proposals;
  }

  /** Writes a proposal as a person's decision. Returns false if a merchant has been written meanwhile. */
  accept({ proposed_at: _at, source, ...proposal }: Proposal): Promise<boolean> {
    const { confidence, ...written } = proposal;
    return this.#write(
      receiptOf(proposal),
      { ...written, source: "person", proposed_by: source },
      { facts: merchantFacts.parse(proposal), evidence: proposal.evidence, source, confidence },
    );
  }

  /**
   * Writes both formats in one transaction, and only if neither exists. Removes the proposal afterwards: after a crash
   * in between, `isKnown` hides it.
   */
  async #write(receipt: ReceiptRef, metadata: object, found: FoundPlace): Promise<boolean> {
    const { client, receiptsTable, now } = this.#options;
    const at = now();
    const item = {
      ...metadataKey(receipt),
      TYPE: "RECEIPT_METADATA",
      image_id: receipt.imageId,
      receipt_id: receipt.receiptId,
      ...metadata,
      resolved_at: at.toISOString(),
    };
    const unlessThere = { TableName: receiptsTable, ConditionExpression: "attribute_not_exists(PK)" };
    const place = receiptPlace(receipt, found, at);
    const TransactItems = [
      { Put: { ...unlessThere, Item: item } },
      place === undefined
        ? { ConditionCheck: { ...unlessThere, Key: placeKey(receipt) } }
        : { Put: { ...unlessThere, Item: { ...placeKey(receipt), ...place } } },
    ];
    const written = await unlessTransactionRefused(client.send(new TransactWriteCommand({ TransactItems })));
    await this.forget(receipt);
    return written !== undefined;
  }
}

const proposalsPartition = "MERCHANT_PROPOSALS";

function proposalKey(receipt: ReceiptRef) {
  return { PK: proposalsPartition, SK: receiptKey(receipt) };
}

function metadataKey({ imageId, receiptId }: ReceiptRef) {
  return { PK: `IMAGE#${imageId}`, SK: `RECEIPT#${fiveDigits(receiptId)}#METADATA` };
}

function placeKey({ imageId, receiptId }: ReceiptRef) {
  return { PK: `IMAGE#${imageId}`, SK: `RECEIPT#${fiveDigits(receiptId)}#PLACE` };
}

export function receiptOf({ image_id, receipt_id }: Pick<Proposal, "image_id" | "receipt_id">): ReceiptRef {
  return { imageId: image_id, receiptId: receipt_id };
}

function provenance({ source, evidence: all }: Candidate, confidence: number) {
  return {
    source,
    confidence,
    evidence: all.map(({ kind, printed }) => ({ kind, printed: printed.slice(0, maxPrinted) })),
  };
}
