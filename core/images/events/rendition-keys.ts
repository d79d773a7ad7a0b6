/**
 * The keys of an item's version in the renditions bucket. Each version has its own folder, so that a late one does not
 * overwrite a newer one.
 */
export interface RenditionKeys {
  readonly thumbnail: string;
  readonly analysis: string;
}

/** The sequencer must be padded. */
export function renditionKeys(userId: string, itemId: string, sequencer: string): RenditionKeys {
  const folder = `${itemFolder(userId, itemId)}${versionFolder(sequencer)}/`;
  return { thumbnail: `${folder}thumbnail.jpg`, analysis: `${folder}analysis.jpg` };
}

export function itemFolder(userId: string, itemId: string): string {
  return `${userId}/${itemId}/`;
}

/** Removes the padding, which does not change the order: a prefix sorts first, as zeros do. */
export function versionFolder(sequencer: string): string {
  return sequencer.replace(/0+$/, "");
}
