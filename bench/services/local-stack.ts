import { join } from "node:path";
import { type LocalOutputs, startLocalStack } from "../../local/stack.ts";
import type { Announcement } from "./announce.ts";

/** The deployed local stack, on free ports. Arguments: its state folder, and changes to its configuration as JSON. */
export interface StackAnnouncement extends Announcement {
  readonly outputs: LocalOutputs;
  /** Folder of all collections, where the file system is mounted. */
  readonly collectionsPath: string;
  /** Variables under which the AWS SDK reaches the stack. */
  readonly environment: Readonly<Record<string, string>>;
}

const [stateFolder = "", config = "{}"] = process.argv.slice(2);
const stack = await startLocalStack({
  port: 0,
  config: { "query:port": "0", ...JSON.parse(config) },
  stateFolder,
});
const announcement: StackAnnouncement = {
  url: stack.endpoint,
  outputs: stack.outputs,
  collectionsPath: join(stack.fileSystemFolder(stack.outputs.collectionsFileSystem), "collections"),
  environment: stack.environment,
};
for (const end of ["SIGTERM", "disconnect"])
  process.once(end, () => void stack.stop().then(() => process.exit()));
process.send?.(announcement);
