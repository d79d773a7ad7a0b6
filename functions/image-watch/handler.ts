import { watchImages } from "../../core/images/watch/watch-images.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { watchConfig } from "./config.ts";
import { watchDeps } from "./deps.ts";

/** Counts unfinished images. A schedule invokes it; the event is empty. */
export const handler = defineFunction({
  name: "image-watch",
  metrics: "image-watch",
  config: watchConfig,
  deps: watchDeps,
  reserveMs: 5_000,
  async handle(_event: unknown, depsFor, { giveUpAt }) {
    return { unfinished: await watchImages(depsFor(giveUpAt)) };
  },
});
