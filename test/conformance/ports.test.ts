import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { freePort } from "../../local/ports.ts";

test("a free port can be listened on, and the system gives it to no socket that asks for any", async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  const [anyFrom = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
    .split("\t")
    .map(Number);
  expect(ports.filter((port) => port >= anyFrom)).toEqual([]);
  const server = createServer().listen(ports[0], "127.0.0.1");
  await once(server, "listening");
  server.close();
});
