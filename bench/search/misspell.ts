const letters = "abcdefghijklmnopqrstuvwxyz";

/** The text with one mistake in each of its two longest words: a letter dropped, doubled, swapped or replaced. */
export function misspelt(text: string, random: () => number): string {
  const words = text.toLowerCase().split(/\s+/);
  const longest = words
    .map((word, index) => ({ word, index }))
    .filter(({ word }) => /^[a-z]{4,}$/.test(word))
    .sort((one, other) => other.word.length - one.word.length)
    .slice(0, 2);
  for (const { word, index } of longest) words[index] = withMistake(word, random);
  return words.join(" ");
}

function withMistake(word: string, random: () => number): string {
  const at = 1 + Math.floor(random() * (word.length - 2));
  const letter = letters[Math.floor(random() * letters.length)] ?? "a";
  const [before, here, next, after] = [word.slice(0, at), word[at], word[at + 1] ?? "", word.slice(at + 2)];
  const made = [
    `${before}${next}${after}`,
    `${before}${here}${here}${next}${after}`,
    `${before}${next}${here}${after}`,
    `${before}${letter}${next}${after}`,
  ];
  return made[Math.floor(random() * made.length)] ?? word;
}
