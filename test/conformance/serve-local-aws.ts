import * as pulumi from "@pulumi/pulumi";
import { startLocalAws } from "../../local/local-aws.ts";
import { LocalMonitor } from "../../local/monitor/monitor.ts";

/** What a test asks for, over IPC. */
export type Request = { readonly id: number } & (
  | {
      readonly ask: "create";
      readonly type: string;
      readonly name: string;
      readonly inputs: Record<string, unknown>;
    }
  | { readonly ask: "run" | "problems" | "stop" }
  | { readonly ask: "processes"; readonly functionName: string }
);

/** An empty local AWS in a process of its own; the argument is its state folder. Sends its URL when it is up. */
const aws = await startLocalAws(0, process.argv[2] ?? "");
const monitor = new LocalMonitor(aws.deployment);

async function answer(request: Request): Promise<unknown> {
  switch (request.ask) {
    case "create": {
      const { type, name, inputs } = request;
      const code = typeof inputs.code === "string" ? new pulumi.asset.FileArchive(inputs.code) : undefined;
      const failuresBefore = monitor.failures.length;
      const created = await monitor.newResource({ type, name, inputs: { ...inputs, ...(code && { code }) } });
      const failure = monitor.failures[failuresBefore];
      if (failure !== undefined) throw failure;
      return { id: created.id, ...created.state };
    }
    case "run":
      return aws.run();
    case "problems":
      return aws.problems;
    case "processes":
      return aws.deployment.functions.find(request.functionName)?.pids;
    case "stop":
      return aws.stop();
  }
}

process.on("message", (request: Request) => {
  const reply = (outcome: object) => process.connected && process.send?.({ id: request.id, ...outcome });
  answer(request)
    .then(
      (value) => reply({ value }),
      (error: Error) => reply({ error: error.message }),
    )
    .finally(() => request.ask === "stop" && process.disconnect());
});
process.send?.({ url: aws.url });
