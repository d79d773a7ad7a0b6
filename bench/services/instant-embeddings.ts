import { announce } from "./announce.ts";
import { instantProvider } from "./instant-provider.ts";

/** The instant provider in a process of its own. Argument: the dimensions. */
announce(await instantProvider(Number(process.argv[2])));
