import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Failure } from "../../core/failure.ts";

export const usage = `Runs the whole product on this machine: a local AWS, the stack of infra/, receipts in, searches out.

  npm start [-- --receipts DIR] [--port N] [--once]

  --receipts  folder of {image_id}/receipt-{id}/lines.ndjson and words.ndjson; samples/receipts unless told
  --port      port of the AWS endpoint on 127.0.0.1; 4566 unless told, 0 for free ports throughout
  --once      stop after the summary; the exit code is not 0 if anything was lost, failed or dead-lettered
  --help      this text
`;

export interface StartOptions {
  readonly receipts: string;
  readonly port: number;
  readonly once: boolean;
  readonly help: boolean;
}

/** The command line of `npm start` does not fit. */
export class StartUsageWrong extends Failure {
  constructor(problem: string) {
    super(problem, "See `npm start -- --help`.");
  }
}

export function readOptions(argv: readonly string[]): StartOptions {
  const { receipts, port, once, help } = parse(argv);
  const number = Number(port);
  if (!/^\d+$/.test(port) || number > 65_535) {
    throw new StartUsageWrong(`--port takes a number from 0 to 65535, not ${port}.`);
  }
  return { receipts: resolve(receipts), port: number, once, help };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        receipts: { type: "string", default: "samples/receipts" },
        port: { type: "string", default: "4566" },
        once: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new StartUsageWrong(`${error instanceof Error ? error.message : String(error)}.`);
  }
}
