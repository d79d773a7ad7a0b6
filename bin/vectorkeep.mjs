#!/usr/bin/env node
// Starts bin/main.ts with the Node version of the project: an older one on the PATH runs no TypeScript.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const own = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
const node = process.features.typescript || !existsSync(own) ? process.execPath : own;
if (node === process.execPath) await import("./main.ts");
else process.exitCode = spawnSync(node, [main, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
