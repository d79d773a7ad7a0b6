import { type CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import * as z from "zod";
import { jsonOf } from "../text/json-of.ts";
import type { Letter } from "./through-queue.ts";

/** Filter patterns have at most 1,024 characters. */
const idsPerPattern = 20;
/** Pages of a large log may be empty, so paging is bounded. */
const pagesAtMost = 20;

const errorLine = z.object({ level: z.literal("ERROR"), reason: z.string(), message_id: z.string() });

/** The failure reasons that a function logged. */
export class LoggedReasons {
  readonly #logs: CloudWatchLogsClient;
  readonly #logGroup: string;

  constructor(logs: CloudWatchLogsClient, logGroup: string) {
    this.#logs = logs;
    this.#logGroup = logGroup;
  }

  /** The newest logged reason of each message, or a pointer to the log. An unreadable log is not an error. */
  async of(deadLetters: readonly Letter[]): Promise<(deadLetter: Letter) => string> {
    const found = new Map<string, { readonly at: number; readonly reason: string }>();
    for (let from = 0; from < deadLetters.length; from += idsPerPattern) {
      const some = deadLetters.slice(from, from + idsPerPattern);
      for await (const { timestamp: at = 0, message = "" } of this.#events(some)) {
        const line = errorLine.safeParse(jsonOf(message));
        if (!line.success || at < (found.get(line.data.message_id)?.at ?? 0)) continue;
        found.set(line.data.message_id, { at, reason: line.data.reason });
      }
    }
    return ({ messageId }) =>
      found.get(messageId)?.reason ?? `Search the log group ${this.#logGroup} for ${messageId}.`;
  }

  async *#events(deadLetters: readonly Letter[]) {
    const query = {
      logGroupName: this.#logGroup,
      filterPattern: deadLetters.map(({ messageId }) => `?"${messageId}"`).join(" "),
      startTime: Math.min(...deadLetters.map(({ sentAt }) => sentAt)),
    };
    let pages = 0;
    try {
      for await (const { events = [] } of paginateFilterLogEvents({ client: this.#logs }, query)) {
        yield* events;
        pages += 1;
        if (pages === pagesAtMost) return;
      }
    } catch {
      return;
    }
  }
}
