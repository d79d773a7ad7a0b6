/**
 * The schemas of an AWS client in a form from which a bundler can drop those of operations that nothing calls: an
 * array with computed keys counts as a side effect, the call of a function that is marked as pure does not.
 */
export function withPureSchemas(source: string): string {
  return source.replace(
    /^((?:export )?var [\w$]+ = )(\[[\s\S]*?\]);$/gm,
    (_statement, declaration, value) => `${declaration}/* @__PURE__ */ (() => ${value})();`,
  );
}
