const width = 64;

/**
 * S3's order of the events of one key: hexadecimal numbers of different lengths, which compare as text once the shorter
 * one is padded on the right. Sequencers of different keys do not compare.
 */
export function paddedSequencer(sequencer: string): string {
  return sequencer.toUpperCase().padEnd(width, "0");
}
