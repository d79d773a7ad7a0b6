/** SQS, S3 and DynamoDB with faults in front of them: the child of FaultyAws, which asks it over IPC. Ends with its parent. */
import { startEndpoint } from "../../../local/endpoint/endpoint.ts";
import { startFauxqs } from "../../../local/fauxqs.ts";
import { Iam } from "../../../local/iam/iam.ts";
import { dynamodbService } from "../../../local/services/dynamodb/dynamodb-service.ts";
import { s3Service } from "../../../local/services/s3/s3-service.ts";
import { sqsService } from "../../../local/services/sqs/sqs-service.ts";
import { randomOf } from "../seeds.ts";
import { type Fault, Faults, troubledKey, withFaults } from "./faults.ts";

/** What a test asks for. */
export type Request = { readonly id: number } & (
  | { readonly ask: "faults"; readonly faults: readonly Fault[]; readonly seed: number }
  | { readonly ask: "happened" }
  | { readonly ask: "reveal" | "depth" | "purge"; readonly queueUrl: string }
);

const faults = new Faults();
const iam = new Iam();
iam.registerRole({
  name: troubledKey,
  accessKeyId: troubledKey,
  policies: [{ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] }],
});
const fauxqs = startFauxqs();
const services = [sqsService(fauxqs), s3Service(fauxqs), dynamodbService()].map((service) =>
  withFaults(service, faults),
);
const endpoint = await startEndpoint({ port: 0, services, iam });

function answer(request: Request): unknown {
  switch (request.ask) {
    case "faults":
      return faults.set(request.faults, randomOf(request.seed));
    case "happened":
      return faults.happened;
    case "reveal":
      return reveal(request.queueUrl);
    case "purge":
      return queue(request.queueUrl).purge();
    case "depth": {
      const { ready, delayed, inflight } = queue(request.queueUrl).inspectMessages();
      return ready.length + delayed.length + inflight.length;
    }
  }
}

/** Makes every message in flight visible, as the end of its visibility timeout would. */
function reveal(queueUrl: string): void {
  const its = queue(queueUrl);
  for (const handle of [...its.inflightMessages.keys()]) its.changeVisibility(handle, 0);
}

function queue(url: string) {
  const found = fauxqs.queues.getQueue(url);
  if (found === undefined) throw new Error(`There is no queue ${url}.`);
  return found;
}

process.on("message", (request: Request) => process.send?.({ id: request.id, value: answer(request) }));
process.once("disconnect", () => process.exit(0));
process.send?.({ url: endpoint.url });
