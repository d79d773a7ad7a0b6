// Records a real `npm start -- --once` as docs/start.svg: `npm run docs:recording`. Takes as long as the start does.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { svgOf } from "./svg.ts";
import { type Moment, Terminal } from "./terminal.ts";

const columns = 100;
const root = join(import.meta.dirname, "../..");
const command = "npm start -- --once";
const terminal = new Terminal();
const moments: Moment[] = [];

/** The lines of npm itself, which name the package and the script, and its spinner. */
const ofNpm = /^> |^[\s\u2800-\u28ff]*[\u2800-\u28ff][\s\u2800-\u28ff]*$/u;

terminal.write(`$ ${command}\n`);
moments.push({ at: 0, lines: terminal.lines });
const began = performance.now();
// A pseudo-terminal, so that the command prints as it does for a person.
const child = spawn("script", ["-qefc", `stty cols ${columns}; exec ${command}`, "/dev/null"], {
  cwd: root,
  stdio: ["ignore", "pipe", "inherit"],
  env: { ...process.env, COLUMNS: String(columns) },
});
child.stdout.setEncoding("utf8");
let rest = "";
child.stdout.on("data", (text: string) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  const kept = lines.filter((line) => !ofNpm.test(line));
  if (kept.length === 0) return;
  terminal.write(`${kept.join("\n")}\n`);
  moments.push({ at: (performance.now() - began) / 1000, lines: terminal.lines });
});
child.on("close", (code) => {
  if (code !== 0) {
    console.error(`${command} ended with ${code}; nothing is recorded.`);
    process.exitCode = 1;
    return;
  }
  const file = join(root, "docs/start.svg");
  writeFileSync(file, svgOf(`A run of ${command}`, moments, columns));
  console.log(`Wrote ${file} of ${moments.length} moments.`);
});
