/** A statement with PostgreSQL's numbered parameters, and the names in the order of their numbers. */
export interface NumberedStatement {
  readonly sql: string;
  readonly names: readonly string[];
}

/** In the order of precedence. A colon in any other token does not start a parameter. */
const tokens = [
  /--[^\n]*/,
  /\$(?<tag>[A-Za-z_]\w*)?\$[\s\S]*?\$\k<tag>\$/,
  /[eE]'(?:\\[\s\S]|''|[^'\\])*'/,
  /'(?:''|[^'])*'/,
  /"(?:""|[^"])*"/,
  /::|:=/,
  /[A-Za-z_][\w$]*/,
  /:(?<name>[A-Za-z_]\w*)/,
  /[\s\S]/,
];
const token = new RegExp(tokens.map(({ source }) => source).join("|"), "y");

/** Replaces every `:name` by the number of its name; strings, quoted names, comments, dollar quotes and casts stay. */
export function numberParameters(sql: string): NumberedStatement {
  const names: string[] = [];
  let numbered = "";
  let at = 0;
  while (at < sql.length) {
    token.lastIndex = at;
    const match = token.exec(sql);
    const name = match?.groups?.name;
    const text = sql.startsWith("/*", at) ? commentAt(sql, at) : (match?.[0] ?? "");
    if (name !== undefined && !names.includes(name)) names.push(name);
    numbered += name === undefined ? text : `$${names.indexOf(name) + 1}`;
    at += text.length;
  }
  return { sql: numbered, names };
}

/** PostgreSQL's block comments nest. */
function commentAt(sql: string, start: number): string {
  let depth = 0;
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  for (let found = edge.exec(sql); found !== null; found = edge.exec(sql)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return sql.slice(start, edge.lastIndex);
  }
  return sql.slice(start);
}
