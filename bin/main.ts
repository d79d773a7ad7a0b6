import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { commands } from "./commands.ts";
import { helpText, nearestCommand } from "./help.ts";

const [, , name, ...rest] = process.argv;
const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;

if (command) {
  // The command reads its arguments as `npm run` gives them.
  process.argv.splice(2, process.argv.length, ...rest);
  await import(pathToFileURL(join(import.meta.dirname, "..", command.module)).href);
} else if (name === undefined || name === "--help" || name === "-h" || name === "help") {
  process.stdout.write(helpText());
} else {
  const nearest = nearestCommand(name);
  const meant = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
  process.stderr.write(
    `There is no command ${JSON.stringify(name)}.${meant} See \`npx vectorkeep --help\`.\n`,
  );
  process.exitCode = 1;
}
