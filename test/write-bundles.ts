// Bundles every program once, into the cache of bundles. Tests that deploy at once would each bundle all of them.
import { addedFunctions } from "../infra/added-functions.ts";
import * as stackBundles from "../infra/bundles/stack-bundles.ts";

const { addedBundles, ...others } = stackBundles;
await Promise.all([
  addedBundles(Object.keys(addedFunctions)),
  ...Object.values(others).map((write) => write()),
]);
