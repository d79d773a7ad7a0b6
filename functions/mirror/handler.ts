import { answerMirrorRequest } from "../../core/mirror/answer-mirror-request.ts";
import { type MirrorAnswer, parseMirrorRequest } from "../../core/mirror/mirror-request.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { mirrorConfig } from "./config.ts";
import { mirrorDeps } from "./deps.ts";

/** Brings the mirror of a shard to what is published, for a schedule; or compares it, for an operator. */
export const handler = defineFunction({
  name: "mirror",
  metrics: "mirror",
  config: mirrorConfig,
  deps: mirrorDeps,
  reserveMs: 20_000,
  handle(event: unknown, { shards, depsOf }, { giveUpAt }): Promise<MirrorAnswer> {
    const request = parseMirrorRequest(event, shards);
    return answerMirrorRequest(depsOf(request.shard, giveUpAt), request);
  },
});
