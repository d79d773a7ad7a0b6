import { startLocalAws } from "../../local/local-aws.ts";
import type { Announcement } from "./announce.ts";

/** An empty local AWS on a free port. Argument: its state folder. */
const aws = await startLocalAws(0, process.argv[2] ?? "");
const announcement: Announcement = { url: aws.url };
for (const end of ["SIGTERM", "disconnect"])
  process.once(end, () => void aws.stop().then(() => process.exit()));
process.send?.(announcement);
