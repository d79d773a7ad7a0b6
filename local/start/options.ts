import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { portsOfStack } from "../free-ports.ts";

export const usage = `Runs the whole product on this machine: a local AWS, the stack of infra/, sample receipts and searches.

  npx vectorkeep start [--receipts DIR] [--images DIR] [--port N] [--keep] [--once]

  --receipts  folder of {image_id}/receipt-{id}/lines.ndjson and words.ndjson (default: samples/receipts)
  --images    folder of images, which are searched by what they show (default: samples/images)
  --port      port of the AWS endpoint on 127.0.0.1 (default: 4566); the next nine ports are for search, embeddings,
              Pinecone, Metabase, the bulk API, the two vision models, Voyage and Places; 0 chooses free
              ports
  --keep      continues the last stack with its tables, queues, objects, file systems, secrets and addresses, and sends
              no receipts; without it, the state of the last stack is deleted
  --once      stops after the summary; the exit code is 1 if anything was lost, failed or dead-lettered
  --help      this text
`;

/** The stack's other ports follow. */
const highestPort = 65_536 - portsOfStack;

export interface StartOptions {
  readonly receipts: string;
  readonly images: string;
  readonly port: number;
  readonly keep: boolean;
  readonly once: boolean;
  readonly help: boolean;
}

/** The command line of `npm start` is invalid. */
export class StartUsageWrongError extends VectorkeepError {
  constructor(problem: string) {
    super(problem, "See `npm start -- --help`.");
  }
}

export function readOptions(argv: readonly string[]): StartOptions {
  const { receipts, images, port, keep, once, help } = parse(argv);
  const number = Number(port);
  if (!/^\d+$/.test(port) || number > highestPort) {
    throw new StartUsageWrongError(`--port takes a number from 0 to ${highestPort}, not ${port}.`);
  }
  return { receipts: resolve(receipts), images: resolve(images), port: number, keep, once, help };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        receipts: { type: "string", default: "samples/receipts" },
        images: { type: "string", default: "samples/images" },
        port: { type: "string", default: "4566" },
        keep: { type: "boolean", default: false },
        once: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new StartUsageWrongError(`${error instanceof Error ? error.message : String(error)}.`);
  }
}
