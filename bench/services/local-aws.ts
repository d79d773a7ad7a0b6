import { startLocalAws } from "../../local/local-aws.ts";
import type { Announcement } from "./announce.ts";

export interface LocalAwsAnnouncement extends Announcement {
  /** The endpoint of S3 that takes large objects. */
  readonly objectsUrl: string;
}

/** An empty local AWS on a free port. Argument: its state folder. */
const aws = await startLocalAws(0, process.argv[2] ?? "");
const announcement: LocalAwsAnnouncement = { url: aws.url, objectsUrl: aws.objectsUrl };
for (const end of ["SIGTERM", "disconnect"])
  process.once(end, () => void aws.stop().then(() => process.exit()));
process.send?.(announcement);
