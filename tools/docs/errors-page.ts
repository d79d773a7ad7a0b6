import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { errorCodeOf } from "../../contract/error-code.ts";

/** An error class as its source declares it. */
export interface DeclaredError {
  readonly name: string;
  readonly code: string;
  /** The class's doc comment. */
  readonly meaning: string;
  /** The second argument of its constructor's `super`; values are shown by their names. */
  readonly remedy: string;
  /** Retries fail until the input is corrected. */
  readonly isPermanent: boolean;
  readonly file: string;
}

/** Bases are not thrown. By name, whether their errors are permanent. */
const bases = new Map([
  ["VectorkeepError", false],
  ["ProgramError", false],
  ["DeferredError", false],
  ["InputError", true],
  ["PaidInVainError", true],
]);

/** Every class of the sources that extends one of the bases, by code. */
export function declaredErrors(root: string): DeclaredError[] {
  const files = globSync("{core,functions,containers,cli,local,infra}/**/*.ts", {
    cwd: root,
    exclude: ["**/node_modules/**"],
  });
  const errors = files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return /\bextends \w*Error\b/.test(text) ? errorsIn(file, text) : [];
  });
  return errors.sort((one, other) => (one.code < other.code ? -1 : 1));
}

export function errorsIn(file: string, text: string): DeclaredError[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: DeclaredError[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassDeclaration(node) && node.name) {
      const base = node.heritageClauses?.[0]?.types[0]?.expression.getText(source) ?? "";
      if (bases.has(base) && !bases.has(node.name.text)) {
        const name = node.name.text;
        found.push({
          name,
          code: overriddenCode(node, source) ?? errorCodeOf(name),
          meaning: docOf(node),
          remedy: remedyOf(node, source),
          isPermanent: bases.get(base) === true,
          file,
        });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function overriddenCode(node: ts.ClassDeclaration, source: ts.SourceFile): string | undefined {
  const own = node.members.find((member) => member.name?.getText(source) === "code");
  return own && /"(VK_[A-Z_]+)"/.exec(own.getText(source))?.[1];
}

function docOf(node: ts.ClassDeclaration): string {
  const text = ts
    .getJSDocCommentsAndTags(node)
    .map((doc) => (typeof doc.comment === "string" ? doc.comment : ""))
    .join(" ");
  return text.replace(/\s+/g, " ").trim();
}

function remedyOf(node: ts.ClassDeclaration, source: ts.SourceFile): string {
  let remedy: ts.Expression | undefined;
  const visit = (inner: ts.Node): void => {
    if (ts.isCallExpression(inner) && inner.expression.kind === ts.SyntaxKind.SuperKeyword) {
      remedy ??= inner.arguments[1];
    }
    ts.forEachChild(inner, visit);
  };
  visit(node);
  return remedy === undefined ? "" : plain(remedy, source);
}

/** A text as a reader sees it: `{name}` where a value stands. */
function plain(expression: ts.Expression, source: ts.SourceFile): string {
  if (ts.isStringLiteralLike(expression)) return expression.text;
  if (ts.isTemplateExpression(expression)) {
    const spans = expression.templateSpans.map(
      ({ expression: value, literal }) => `{${shortName(value, source)}}${literal.text}`,
    );
    return expression.head.text + spans.join("");
  }
  if (ts.isConditionalExpression(expression)) {
    return `${plain(expression.whenTrue, source)} Or: ${plain(expression.whenFalse, source)}`;
  }
  if (ts.isParenthesizedExpression(expression)) return plain(expression.expression, source);
  return `{${shortName(expression, source)}}`;
}

function shortName(expression: ts.Expression, source: ts.SourceFile): string {
  return /\w+/.exec(expression.getText(source).replace(/^.*\./, ""))?.[0] ?? "value";
}

/** Where a class is declared to the page that an operator reads, by the first prefix that fits. */
const runbooks: readonly (readonly [string, string])[] = [
  ["core/catchup/", "catch-up"],
  ["core/images/", "images"],
  ["core/merchants/", "merchants"],
  ["core/collections/lease/", "lease-lost"],
  ["core/collections/generations/head", "publish-conflicts"],
  ["core/collections/generations/", "manifest-mismatch"],
  ["core/collections/segments/", "manifest-mismatch"],
  ["core/collections/rebuild/", "lost-file-system"],
  ["core/collections/restore/", "lost-file-system"],
  ["core/collections/workspace/", "manifest-mismatch"],
  ["core/collections/merge/", "dead-letters"],
  ["core/collections/cycle/", "dead-letters"],
  ["core/collections/fold/", "folds-failed"],
  ["core/collections/", "errors"],
  ["core/deltas/", "dead-letters"],
  ["core/embedding/", "queue-age"],
  ["core/ingest/", "dead-letters"],
  ["core/receipts/", "dead-letters"],
  ["core/changes/", "iterator-age"],
  ["core/sweep/", "stuck-runs"],
  ["core/verify/", "vectors-differ"],
  ["core/", "errors"],
  ["functions/", "errors"],
  ["containers/", "errors"],
];

export function runbookOf(file: string): string | undefined {
  return runbooks.find(([prefix]) => file.startsWith(prefix))?.[1];
}

/** The Markdown page that explains every error, with one table per part of the product. */
export function errorsPage(errors: readonly DeclaredError[]): string {
  const deployed = errors.filter(({ file }) => /^(core|functions|containers)\//.test(file));
  const commands = errors.filter(({ file }) => /^(cli|infra)\//.test(file));
  const local = errors.filter(({ file }) => file.startsWith("local/"));
  return `${[
    introduction,
    section("Functions and services", deployed),
    section("Commands", commands),
    section("Local stack", local),
  ].join("\n\n")}\n`;
}

const introduction = `# Errors

Generated from the error classes by \`npm run docs\`; a test keeps the two in sync.

Every error of the product has a stable code. Logs carry it as \`error_code\`, with the class as \`error_name\` and the whole message, which
ends in the remedy, as \`reason\`. \`{name}\` stands for a value. *Permanent* errors recur until the input or the configuration is corrected; after
\`compaction:maxFailures\` of them a message is in its DLQ (\`npm run failed\`). All others are retried.

In CloudWatch Logs Insights: \`filter error_code = "VK_LEASE_LOST" | sort @timestamp desc\`.`;

function section(title: string, errors: readonly DeclaredError[]): string {
  const isLinked = errors.some(({ file }) => runbookOf(file) !== undefined);
  const rows = errors.map(({ code, meaning, remedy, isPermanent, name, file }) => {
    const page = runbookOf(file);
    return [
      `\`${code}\`${isPermanent ? "<br>permanent" : ""}`,
      `${meaning} <br>\`${name}\``,
      remedy === "" ? "The message is the service's own, and ends in its remedy." : remedy,
      ...(isLinked ? [page ? `[${page}](runbooks/${page}.md)` : ""] : []),
    ];
  });
  const heads = ["code", "meaning", "remedy", ...(isLinked ? ["runbook"] : [])];
  const table = [heads, heads.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
  return `## ${title}\n\n${table}`;
}
