import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { MerchantStore, type Proposal, receiptOf } from "../core/merchants/resolve/merchant-store.ts";
import { receiptKey } from "../core/receipts/receipt.ts";
import { VectorkeepError } from "../core/vectorkeep-error.ts";
import { readCommandLine, runCommand, UsageWrongError } from "./command.ts";
import { type Column, table } from "./table.ts";
import { resolveTarget } from "./target.ts";
import { terminalJson } from "./terminal-text.ts";

const usage = `Lists the merchants that are proposed for receipts, because the evidence is not enough to write them.

  npx vectorkeep merchants [--json] [--stack NAME]
  npx vectorkeep merchants --accept RECEIPT | --dismiss RECEIPT | --again [--stack NAME]

  --accept   writes the proposal of this receipt as RECEIPT_METADATA and RECEIPT_PLACE, unless somebody has written one
  --dismiss  removes the proposal of this receipt
  --again    looks for the merchants of all listed receipts again, after more of them are known
  --json     prints JSON
  --stack    name of a deployed stack (default: the local stack)
  --help     this text

A receipt is named as the list names it: IMAGE#{image_id}#RECEIPT#{receipt_id}.
`;

/** The receipt has no proposal. */
export class ProposalMissingError extends VectorkeepError {
  constructor(receipt: string) {
    super(`No merchant is proposed for ${receipt}.`, "`npx vectorkeep merchants` lists the proposals.");
  }
}

/** The stack does not resolve merchants. */
export class MerchantsNotDeployedError extends VectorkeepError {
  constructor() {
    super(
      "This stack does not look for merchants.",
      "Enable it with `pulumi config set merchants:enabled true` and deploy again.",
    );
  }
}

async function main(): Promise<void> {
  const { values } = readCommandLine("merchants", {
    options: {
      accept: { type: "string" },
      dismiss: { type: "string" },
      again: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const operations = [values.accept, values.dismiss, values.again || undefined].filter(
    (one) => one !== undefined,
  );
  if (operations.length > 1)
    throw new UsageWrongError("merchants", "Name one of --accept, --dismiss and --again.");
  const { outputs, environment } = await resolveTarget({ stack: values.stack });
  Object.assign(process.env, environment);
  if (outputs.merchants === undefined) throw new MerchantsNotDeployedError();
  const { receiptsTable, controlTable } = outputs;
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const store = new MerchantStore({ client, receiptsTable, controlTable, now: () => new Date() });
  const proposals = await store.proposals();
  const proposalOf = (receipt: string) => {
    const found = proposals.find((one) => receiptKey(receiptOf(one)) === receipt);
    if (found === undefined) throw new ProposalMissingError(receipt);
    return found;
  };
  if (values.accept !== undefined) {
    const written = await store.accept(proposalOf(values.accept));
    return console.log(
      written ? "The merchant is written." : "Somebody has written a merchant meanwhile; it stays.",
    );
  }
  if (values.dismiss !== undefined) {
    await store.forget(receiptOf(proposalOf(values.dismiss)));
    return console.log("The proposal is removed.");
  }
  if (values.again) {
    await lookAgain(proposals, outputs.merchants.queueUrl);
    return console.log(`${proposals.length} receipts are looked at again.`);
  }
  if (values.json) return console.log(terminalJson(proposals));
  for (const line of lines(proposals)) console.log(line);
}

const columns: readonly Column[] = [
  { title: "receipt", align: "left" },
  { title: "confidence", align: "right" },
  { title: "merchant", align: "left" },
  { title: "source", align: "left" },
  { title: "evidence", align: "left" },
];

async function lookAgain(proposals: readonly Proposal[], QueueUrl: string): Promise<void> {
  const sqs = new SQSClient({});
  for (const { image_id, receipt_id, run_id } of proposals) {
    await sqs.send(
      new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ image_id, receipt_id, run_id }) }),
    );
  }
}

function lines(proposals: readonly Proposal[]): string[] {
  if (proposals.length === 0) return ["No merchant is proposed."];
  const rows = proposals.map((one) => [
    receiptKey(receiptOf(one)),
    one.confidence.toFixed(2),
    one.merchant_name,
    one.source,
    one.evidence.map(({ kind, printed }) => `${kind} ${printed}`).join("; "),
  ]);
  return table(columns, rows);
}

runCommand(main);
