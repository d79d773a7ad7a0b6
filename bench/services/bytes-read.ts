import { Router } from "../../local/endpoint/router.ts";

/** Bytes of S3 objects that the stack of this process has answered with, by path (`/bucket/key`). Counts from the call on. */
export function countBytesRead(): ReadonlyMap<string, number> {
  const read = new Map<string, number>();
  const route = Router.prototype.route;
  Router.prototype.route = async function (call) {
    const reply = await route.call(this, call);
    const { pathname, searchParams } = new URL(call.target, call.origin);
    if (call.method === "GET" && searchParams.get("x-id") === "GetObject") {
      read.set(pathname, (read.get(pathname) ?? 0) + Buffer.byteLength(reply.body));
    }
    return reply;
  };
  return read;
}
