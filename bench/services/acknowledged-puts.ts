import type { LocalService } from "../../local/protocol/service.ts";
import type { NotedIds } from "./noted-ids.ts";

/** S3 Vectors that acknowledges puts and keeps no vector; its rates do not apply. All other services stay as they are. */
export function acknowledgedPuts(noted: NotedIds): (service: LocalService) => LocalService {
  return (service) => {
    if (!service.names.includes("s3vectors")) return service;
    const isPut = (pathname: string) => pathname === "/PutVectors";
    return {
      ...service,
      permissions: (call) => (isPut(call.url.pathname) ? [] : service.permissions(call)),
      async handle(call) {
        if (!isPut(call.url.pathname)) return service.handle(call);
        noted.note(call.body);
        return { status: 200, headers: { "content-type": "application/json" }, body: "{}" };
      },
    };
  };
}
