import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { portsOfStack } from "../free-ports.ts";

export const usage = `Runs the whole product on this machine: a local AWS, the stack of infra/, receipts in, searches out.

  npm start [-- --receipts DIR] [--port N] [--keep] [--once]

  --receipts  folder of {image_id}/receipt-{id}/lines.ndjson and words.ndjson; samples/receipts unless told
  --port      port of the AWS endpoint on 127.0.0.1; 4566 unless told, 0 for free ports throughout. The stack takes
              the four ports that follow it too: search, embeddings, Pinecone, Metabase
  --keep      go on where the stack was stopped last: tables, queues, objects, file systems, secrets and addresses stay,
              and no receipts are sent. Without it everything of an earlier stack is deleted
  --once      stop after the summary; the exit code is not 0 if anything was lost, failed or dead-lettered
  --help      this text
`;

/** The stack's other ports follow. */
const highestPort = 65_536 - portsOfStack;

export interface StartOptions {
  readonly receipts: string;
  readonly port: number;
  readonly keep: boolean;
  readonly once: boolean;
  readonly help: boolean;
}

/** The command line of `npm start` does not fit. */
export class StartUsageWrongError extends VectorkeepError {
  constructor(problem: string) {
    super(problem, "See `npm start -- --help`.");
  }
}

export function readOptions(argv: readonly string[]): StartOptions {
  const { receipts, port, keep, once, help } = parse(argv);
  const number = Number(port);
  if (!/^\d+$/.test(port) || number > highestPort) {
    throw new StartUsageWrongError(`--port takes a number from 0 to ${highestPort}, not ${port}.`);
  }
  return { receipts: resolve(receipts), port: number, keep, once, help };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        receipts: { type: "string", default: "samples/receipts" },
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
