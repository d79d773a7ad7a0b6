/** The release of Chroma whose server writes and opens every database of a stack, as package.json pins it. */
export const chromaVersion = "1.3.1";
