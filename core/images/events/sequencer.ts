const width = 64;

/**
 * Pads a sequencer, which orders the S3 events of one key. Sequencers are hexadecimal numbers of different lengths that
 * compare as text once the shorter one is padded on the right. Sequencers of different keys are not comparable.
 */
export function paddedSequencer(sequencer: string): string {
  return sequencer.toUpperCase().padEnd(width, "0");
}
