// npm run check: all checks at once, because no one of them keeps two cores busy. What one says is printed when it ends.
import { spawn } from "node:child_process";
import { once } from "node:events";

const checks = ["types", "lint", "imports", "words", "promises"] as const;

async function passes(check: (typeof checks)[number]): Promise<boolean> {
  const child = spawn("npm", ["run", "-s", `check:${check}`], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, "close");
  process.stdout.write(code === 0 ? said : `${said}\nnpm run check:${check} failed.\n`);
  return code === 0;
}

const results = await Promise.all(checks.map(passes));
if (results.includes(false)) process.exitCode = 1;
