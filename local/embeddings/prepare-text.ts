/**
 * A text as the model was trained to read it. Its vocabulary is of running text: capitals fall into single letters, a
 * line break is unknown to it, and a mark for "nothing here" would be read as words.
 */
export function preparedText(text: string): string {
  return text.replaceAll("<EDGE>", " ").replace(/\s+/g, " ").trim().toLowerCase() || " ";
}
