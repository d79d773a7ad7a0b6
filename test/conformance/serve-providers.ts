import { ownPorts, startProviders } from "../../local/providers/providers.ts";

/** Starts the servers that a configuration names until the parent disconnects. Sends their base URLs, or why not. */
const [config = "{}", usual = "{}"] = process.argv.slice(2);
try {
  const providers = await startProviders(ownPorts(JSON.parse(config), JSON.parse(usual)), JSON.parse(config));
  process.once("disconnect", () => void providers.close());
  process.send?.({ baseUrls: providers.baseUrls });
} catch (error) {
  process.send?.({ error: (error as Error).message });
  process.disconnect();
}
