/** Extensions of the files that the image flow takes, in lower case. The rule of EventBridge matches them in any case. */
export const imageExtensions = [
  "jpg",
  "jpeg",
  "png",
  "webp",
  "gif",
  "tif",
  "tiff",
  "avif",
  "heic",
  "heif",
] as const;

/** Source and detail type of each event of the flow: core publishes it, and a rule of infra matches it. */
export const imageProcessedEvent = {
  source: "collections.imageprocessor",
  detailType: "ImageProcessed",
} as const;
export const analysisCompleteEvent = {
  source: "collections.analyzer",
  detailType: "AnalysisComplete",
} as const;
