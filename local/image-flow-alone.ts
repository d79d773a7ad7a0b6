/** Configuration of a stack for the image flow: nothing beside it that costs a start. */
export const imageFlowAlone: Readonly<Record<string, string>> = {
  "images:enabled": "true",
  "catchup:enabled": "false",
  "query:enabled": "false",
};
