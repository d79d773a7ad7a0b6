/**
 * Half of a surrogate pair, as it is left where a text was cut inside an emoji. UTF-8 has no bytes for it, and Chroma
 * answers 400 to the whole request that has one in it.
 */
export function hasLoneSurrogate(text: string): boolean {
  return !text.isWellFormed();
}

/** The text with U+FFFD, the replacement character, for each lone surrogate: what every UTF-8 writer makes of it (F30). */
export function wellFormedText(text: string): string {
  return text.toWellFormed();
}
