/** Matches IAM's wildcards: `*` is any run of characters, `?` any one. */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let starCovers = 0;
  while (at < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === "*") {
      starAt = patternAt++;
      starCovers = at;
    } else if (wanted !== undefined && (wanted === "?" || wanted === text[at])) {
      patternAt++;
      at++;
    } else if (starAt !== -1) {
      patternAt = starAt + 1;
      at = ++starCovers;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === "*") patternAt++;
  return patternAt === pattern.length;
}
