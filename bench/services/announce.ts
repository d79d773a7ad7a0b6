import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a service process reports to its parent once it listens. */
export interface Announcement {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** The service ends with that process. */
export function announce(server: Server): void {
  const { port } = server.address() as AddressInfo;
  const announcement: Announcement = { url: `http://127.0.0.1:${port}` };
  process.once("disconnect", () => process.exit());
  process.send?.(announcement);
}
