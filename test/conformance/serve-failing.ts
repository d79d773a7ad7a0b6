import { setTimeout as sleep } from "node:timers/promises";
import { startEndpoint } from "../../local/endpoint/endpoint.ts";
import { jsonError } from "../../local/endpoint/json-protocol.ts";
import { Iam } from "../../local/iam/iam.ts";
import type { LocalService } from "../../local/protocol/service.ts";

/** An endpoint with one service that fails in the way that the path names, until stdin ends. Prints its URL. */
const never = () => new Promise<never>(() => {});

const ways: Readonly<Record<string, (fail: () => never) => Promise<unknown>>> = {
  "/thrown": async (fail) => fail(),
  "/in-a-timer"(fail) {
    setTimeout(fail, 1);
    return never();
  },
  "/in-a-callback"(fail) {
    setImmediate(fail);
    return never();
  },
  "/in-a-forgotten-promise"(fail) {
    Promise.resolve().then(fail);
    return never();
  },
  async "/after-its-answer"(fail) {
    setTimeout(fail, 1);
  },
  "/a-while": () => sleep(20),
};

const failing: LocalService = {
  names: ["failing"],
  permissions({ url }) {
    if (url.pathname === "/in-permissions") throw new Error("failed in-permissions");
    return [];
  },
  async handle({ url }) {
    await ways[url.pathname]?.(() => {
      throw new Error(`failed ${url.pathname.slice(1)}`);
    });
    return { status: 200, headers: {}, body: "{}" };
  },
  renderError: (error, call) => jsonError(call, error),
};

const endpoint = await startEndpoint({ port: 0, services: [failing], iam: new Iam() });
process.stdin.once("end", () => endpoint.close()).resume();
console.log(endpoint.url);
