import { randomUUID } from "node:crypto";
import { sendForAnalysis } from "../core/images/verify/resend.ts";
import { VectorkeepError } from "../core/vectorkeep-error.ts";
import { readCommandLine, runCommand, UsageWrongError } from "./command.ts";
import { hitLines, itemLines } from "./images/report.ts";
import { searchAs } from "./images/search-client.ts";
import { type StackImages, stackImages } from "./images/stack-images.ts";
import { uploadImages } from "./images/upload.ts";
import { resolveTarget } from "./target.ts";
import { terminalJson } from "./terminal-text.ts";

const usage = `Uploads images, searches them by what they show, and shows what is known of one.

  npx vectorkeep images upload DIR|FILE [--user NAME] [--stack NAME]
  npx vectorkeep images search "text" [--user NAME] [--k 10] [--mode hybrid|vector|lexical] [--json] [--stack NAME]
  npx vectorkeep images show ITEM [--json] [--stack NAME]
  npx vectorkeep images reanalyse ITEM|--all [--user NAME] [--stack NAME]

  upload     puts a file, or every image of a folder, into the bucket; the flow does the rest
  search     asks the search API as the user
  show       versions, provider, model, tokens, cost, trace and renditions of an item, by its id or key
  reanalyse  asks the model again, which is paid for again; --all: every image, or every one of the user
  --user     name of the user (default: demo)
  --k        number of hits, 1 to 100 (default: 10)
  --mode     hybrid: vectors and words; vector: vectors only; lexical: words only (default: hybrid)
  --json     prints JSON
  --stack    name of a deployed stack (default: the local stack)
  --help     this text
`;

/** No item has this id or key. */
class ItemUnknownError extends VectorkeepError {
  constructor(item: string) {
    super(`There is no image ${item}.`, "Name its item id, or its key in the bucket as user/name.jpg.");
  }
}

interface Asked {
  readonly user: string | undefined;
  readonly k: string;
  readonly mode: string;
  readonly all: boolean;
  readonly json: boolean;
}

const defaultUser = "demo";

async function main(): Promise<void> {
  const { values, positionals } = readCommandLine("images", {
    allowPositionals: true,
    options: {
      user: { type: "string" },
      k: { type: "string", default: "10" },
      mode: { type: "string", default: "hybrid" },
      all: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [name = "", subject, ...rest] = positionals;
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (values.help || operation === undefined || rest.length > 0) {
    if (!values.help) throw new UsageWrongError("images", "Name one of upload, search, show and reanalyse.");
    process.stdout.write(usage);
    return;
  }
  const { outputs, environment } = await resolveTarget({ stack: values.stack });
  Object.assign(process.env, environment);
  const lines = await operation(stackImages(outputs), subject, { ...values, user: values.user });
  process.stdout.write(`${lines.join("\n")}\n`);
}

const operations: Record<
  string,
  (images: StackImages, subject: string | undefined, asked: Asked) => Promise<readonly string[]>
> = {
  async upload({ s3, outputs }, subject, { user = defaultUser }) {
    const keys = await uploadImages(required(subject, "DIR or FILE"), user, { s3, bucket: outputs.bucket });
    return [`${keys.length} images uploaded:`, ...keys];
  },

  async search({ outputs }, subject, { user = defaultUser, k, mode, json }) {
    const hits = await searchAs(user, { q: required(subject, "a text"), k, mode }, outputs);
    return json ? [terminalJson(hits)] : hitLines(hits);
  },

  async show({ states, outputs }, subject, { json }) {
    const item = await itemOf(states, required(subject, "ITEM"));
    const analyses = await states.analysesOf(item);
    return json ? [terminalJson({ item, analyses })] : itemLines(item, analyses, outputs.renditionsBucket);
  },

  async reanalyse(images, subject, { all, user }) {
    const reanalysisId = randomUUID();
    const items = all ? images.states.all(user) : [await itemOf(images.states, required(subject, "ITEM"))];
    const counts = { sent: 0, "rendered-again": 0 };
    for await (const item of items) counts[await sendForAnalysis(item, images, reanalysisId)] += 1;
    const rendered = counts["rendered-again"];
    return [
      `${counts.sent} images are analyzed again.`,
      ...(rendered === 0
        ? []
        : [`${rendered} have no analysis copy any more and are rendered again; repeat this when they are.`]),
    ];
  },
};

async function itemOf(states: StackImages["states"], item: string) {
  const found = await states.find(item);
  if (found === undefined) throw new ItemUnknownError(item);
  return found;
}

function required(subject: string | undefined, what: string): string {
  if (subject === undefined) throw new UsageWrongError("images", `Name ${what}.`);
  return subject;
}

runCommand(main);
