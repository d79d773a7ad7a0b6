/** Configuration of a stack with the image flow only, to start fast. */
export const imageFlowAlone: Readonly<Record<string, string>> = {
  "images:enabled": "true",
  "catchup:enabled": "false",
  "query:enabled": "false",
};
