import type { Suggestion } from "../../cli/screen.ts";
import type { StackOutputs } from "../../cli/target.ts";
import type { EmbedMessage } from "../../core/receipts/embed-message.ts";

/** Commands for the running stack that the user can paste into a shell in the project folder. */
export function nextCommands(
  outputs: StackOutputs,
  environment: Readonly<Record<string, string>>,
  receipt: EmbedMessage,
): readonly Suggestion[] {
  const { AWS_ENDPOINT_URL = "", AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = environment;
  const aws = `aws --endpoint-url ${AWS_ENDPOINT_URL}`;
  return [
    {
      purpose: "let the AWS CLI reach this stack",
      command: `export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY} AWS_DEFAULT_REGION=${outputs.region}`,
    },
    {
      purpose: "send one receipt again",
      command: `${aws} sqs send-message --queue-url ${outputs.embedQueueUrl} --message-body ${quoted(JSON.stringify(receipt))}`,
    },
    {
      purpose: "count the messages that wait and are in flight",
      command: `${aws} sqs get-queue-attributes --queue-url ${outputs.embedQueueUrl} --attribute-names All`,
    },
    {
      purpose: "read the log of the embed function",
      command: `${aws} logs filter-log-events --log-group-name ${outputs.logGroups.embed} --query 'events[].message' --output text`,
    },
    {
      purpose: "follow the log of compaction (AWS CLI version 2)",
      command: `${aws} logs tail ${outputs.logGroups.compaction} --follow`,
    },
    { purpose: "search rows", command: 'npm run search -- "how much did I pay at the salted ancor"' },
    { purpose: "search words", command: 'npm run search -- "date and time" --collection words --k 10' },
    {
      purpose: "change a merchant and a label in DynamoDB, and see the search return them",
      command: "npm run demo:change",
    },
    {
      purpose: "export the samples again: no text is embedded twice",
      command: "npm run export -- samples/receipts",
    },
    {
      purpose: "index the rows of a CSV in Pinecone; one of these forty fails, because it has no text",
      command: "npm run catchup -- samples/catch-up.csv",
    },
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
