import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import * as z from "zod";
import { documentModel } from "../documents/documents.ts";
import { jsonOf } from "../text/json-of.ts";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { idsIn } from "./subject-ids.ts";
import type { Letter } from "./through-queue.ts";

/** Lambda's failure record of an asynchronous invocation. It omits payloads that are too large. */
const givenUp = z.object({
  requestContext: z.object({ requestId: z.string(), condition: z.string() }),
  requestPayload: z.record(z.string(), z.unknown()).optional(),
  responsePayload: z.object({ errorMessage: z.string() }).optional().catch(undefined),
});

/** Events of the export function that failed in all attempts. */
export class ExportDeadLetters implements DeadLetterKind {
  readonly #lambda: LambdaClient;
  readonly #functionName: string;

  constructor(lambda: LambdaClient, functionName: string) {
    this.#lambda = lambda;
    this.#functionName = functionName;
  }

  async describe(deadLetters: readonly Letter[]): Promise<FailedThing[]> {
    return deadLetters.map((deadLetter) => {
      const { requestContext, requestPayload, responsePayload } =
        givenUp.safeParse(jsonOf(deadLetter.body)).data ?? {};
      return {
        id: deadLetter.messageId,
        since: new Date(deadLetter.sentAt).toISOString(),
        ...idsIn(requestPayload),
        entity: "OCR results",
        reason: responsePayload?.errorMessage ?? requestContext?.condition ?? "No reason is recorded.",
      };
    });
  }

  async sendAgain(deadLetter: Letter): Promise<SentAgain> {
    const event = givenUp.safeParse(jsonOf(deadLetter.body)).data?.requestPayload;
    if (event === undefined)
      return { stays: `The record does not contain the event: export the ${documentModel.noun} again.` };
    const { $metadata } = await this.#lambda.send(
      new InvokeCommand({
        FunctionName: this.#functionName,
        InvocationType: "Event",
        Payload: Buffer.from(JSON.stringify(event)),
      }),
    );
    return { sentAs: $metadata.requestId };
  }

  sentAs(deadLetter: Letter) {
    return [givenUp.safeParse(jsonOf(deadLetter.body)).data?.requestContext.requestId];
  }
}
