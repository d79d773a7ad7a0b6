import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { ShardName } from "../../../contract/collections.ts";
import { ShardNotAnsweredError } from "../search-errors.ts";
import type { ShardsDeps } from "./search-shards.ts";
import { shardReply } from "./shard-event.ts";

/**
 * Searches shards by invoking their functions. A function that opens a large generation may take longer than the caller
 * waits; its invocation continues, so a later request finds the generation open.
 */
export function invokedShards(
  lambda: LambdaClient,
  functionOf: (shard: ShardName) => string,
  signal: AbortSignal,
): ShardsDeps["ask"] {
  return async (shard, event) => {
    const command = new InvokeCommand({ FunctionName: functionOf(shard), Payload: JSON.stringify(event) });
    const { FunctionError, Payload } = await lambda
      .send(command, { abortSignal: signal })
      .catch((cause: unknown) => {
        const reason = signal.aborted ? "it is not open yet" : "its function could not be invoked";
        throw new ShardNotAnsweredError(shard, reason, { cause });
      });
    const said: unknown = JSON.parse(Buffer.from(Payload ?? "null").toString());
    if (FunctionError !== undefined) throw new ShardNotAnsweredError(shard, "its function failed");
    return shardReply.parse(said);
  };
}
