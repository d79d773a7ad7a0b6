/**
 * Whether a text has a lone surrogate, for example from a cut inside an emoji. UTF-8 cannot encode it, and Chroma
 * rejects the whole request with 400.
 */
export function hasLoneSurrogate(text: string): boolean {
  return !text.isWellFormed();
}

/** Replaces each lone surrogate by U+FFFD, as UTF-8 encoders do (F30). */
export function wellFormedText(text: string): string {
  return text.toWellFormed();
}
