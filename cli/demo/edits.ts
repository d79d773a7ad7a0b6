import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { fiveDigits } from "../../core/receipts/receipt.ts";
import type { Hit } from "../search-client.ts";

export const label = "TOTAL";
const merchants = ["The Blue Teapot", "The Red Teapot"];
const verdicts = ["VALID", "INVALID"];

/** A change of one attribute of one item. */
export interface Edit {
  readonly PK: string;
  readonly SK: string;
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string;
}

export interface Edits {
  readonly merchant: Edit;
  readonly label: Edit;
}

/**
 * Changes the merchant of the word's receipt and the verdict on one label of the word to other values than the table
 * has.
 */
export async function editItems(
  dynamo: DynamoDBDocumentClient,
  receiptsTable: string,
  { image_id, receipt_id, line_id, word_id = 0 }: Hit,
): Promise<Edits> {
  const receipt = { image_id, receipt_id };
  const PK = `IMAGE#${image_id}`;
  const stem = `RECEIPT#${fiveDigits(receipt_id)}`;
  const metadata = { PK, SK: `${stem}#METADATA`, field: "canonical_merchant_name" };
  const judged = {
    PK,
    SK: `${stem}#LINE#${fiveDigits(line_id)}#WORD#${fiveDigits(word_id)}#LABEL#${label}`,
    field: "validation_status",
  };
  const table = { dynamo, receiptsTable };
  const [merchantEdit, labelEdit] = await Promise.all([
    edit(table, metadata, merchants, { TYPE: "RECEIPT_METADATA", ...receipt }),
    edit(table, judged, verdicts, { TYPE: "RECEIPT_WORD_LABEL", ...receipt, line_id, word_id, label }),
  ]);
  return { merchant: merchantEdit, label: labelEdit };
}

/** Sets the field to the value after its current one, or to the first one if the current one is not in the list. */
async function edit(
  { dynamo, receiptsTable }: { dynamo: DynamoDBDocumentClient; receiptsTable: string },
  { PK, SK, field }: Pick<Edit, "PK" | "SK" | "field">,
  values: readonly string[],
  identity: Readonly<Record<string, unknown>>,
): Promise<Edit> {
  const address = { TableName: receiptsTable, Key: { PK, SK } };
  const { Item } = await dynamo.send(new GetCommand({ ...address, ConsistentRead: true }));
  const before: string | undefined = Item?.[field];
  const after = values[(values.indexOf(before ?? "") + 1) % values.length] ?? "";
  const written = Object.entries({ ...identity, [field]: after });
  await dynamo.send(
    new UpdateCommand({
      ...address,
      UpdateExpression: `SET ${written.map((_, index) => `#${index} = :${index}`).join(", ")}`,
      ExpressionAttributeNames: Object.fromEntries(written.map(([name], index) => [`#${index}`, name])),
      ExpressionAttributeValues: Object.fromEntries(written.map(([, value], index) => [`:${index}`, value])),
    }),
  );
  return { PK, SK, field, before, after };
}
