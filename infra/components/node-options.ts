/** For every process on Node that runs a bundle: places in a stack trace are those of the sources. */
export const nodeOptions = "--enable-source-maps";
