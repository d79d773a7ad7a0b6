import { all } from "./seeds.ts";

/** A test of the nightly lane, for what is long and has a smaller sibling in `npm test`. */
export const nightly = all ? test : test.skip;
