import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CollectionBusyError } from "../../../core/collections/lease/under-lease.ts";
import { DeltaUnreadableError } from "../../../core/deltas/codec.ts";
import { ObjectMissingError } from "../../../core/ingest/ingest-errors.ts";
import { declaredErrors, errorsIn, runbookOf } from "../../../tools/docs/errors-page.ts";
import { generatedPages } from "../../../tools/docs/generated-pages.ts";

const root = join(import.meta.dirname, "../../..");
const errors = declaredErrors(root);

test.each([...generatedPages(root)])("%s is current; `npm run docs` writes it", (page, text) => {
  expect(readFileSync(join(root, page), "utf8")).toBe(text);
});

test("every error has a code of its own, a meaning, and a remedy in a sentence", () => {
  expect(errors.length).toBeGreaterThan(100);
  const codes = errors.map(({ code }) => code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  expect(errors.filter(({ meaning }) => meaning === "")).toEqual([]);
  // These relay the answer of a service, which ends in a remedy.
  const silent = errors.filter(({ remedy }) => remedy === "");
  expect(silent.filter(({ file, name }) => !file.startsWith("cli/") || !/RefusedError$/.test(name))).toEqual(
    [],
  );
  expect(errors.filter(({ remedy }) => !/(^|[.`}])$/.test(remedy)).map(({ code }) => code)).toEqual([]);
});

test("every error class ends in Error, and only those on the wire of a service have no remedy", () => {
  const files = globSync("{contract,core,functions,containers,cli,local,infra,bin}/**/*.ts", { cwd: root });
  const declared = files.flatMap((file) =>
    Array.from(
      readFileSync(join(root, file), "utf8").matchAll(
        /class (\w+) extends (?:\w+\.)?(\w*Error|\w*Exception)\b/g,
      ),
      ([, name = "", base = ""]) => ({ file, name, base }),
    ),
  );
  expect(declared.length).toBeGreaterThan(errors.length);
  expect(declared.filter(({ name }) => !name.endsWith("Error"))).toEqual([]);
  const plain = declared.filter(({ base, file }) => base === "Error" && !file.startsWith("local/"));
  expect(plain.map(({ name }) => name).sort()).toEqual(["HttpError", "VectorkeepError"]);
});

test("the codes and remedies of the page are those of the running product", () => {
  const thrown = [
    new CollectionBusyError("lines", 30),
    new DeltaUnreadableError("it is empty"),
    new ObjectMissingError("bucket", "key"),
  ];
  for (const { name, code, remedy } of thrown) {
    expect(errors).toContainEqual(expect.objectContaining({ name, code, remedy }));
  }
});

test("the runbook of an error is a page", () => {
  const pages = new Set(errors.flatMap(({ file }) => runbookOf(file) ?? []));
  expect(pages.size).toBeGreaterThan(5);
  expect([...pages].filter((page) => !existsSync(join(root, `docs/runbooks/${page}.md`)))).toEqual([]);
});

test("a value in a remedy is shown by its name, and a code that a class states is taken", () => {
  const source = `
    /** A queue that nobody knows. */
    export class QueueUnknownError extends InputError {
      override get code() { return "VK_NO_QUEUE"; }
      constructor(deps: { stack: string }) { super("No queue.", \`Deploy \${deps.stack} again.\`); }
    }`;
  expect(errorsIn("core/x.ts", source)).toEqual([
    {
      name: "QueueUnknownError",
      code: "VK_NO_QUEUE",
      meaning: "A queue that nobody knows.",
      remedy: "Deploy {stack} again.",
      isPermanent: true,
      file: "core/x.ts",
    },
  ]);
});
