import * as pulumi from "@pulumi/pulumi";
import { StoredSecret } from "../stored-secret.ts";
import { ImageDatabase } from "./image-database.ts";
import { ImageEvents } from "./image-events.ts";
import type { ImageFlowArgs } from "./image-flow-args.ts";
import { consumerTimeoutSeconds, ImageFunctions } from "./image-functions.ts";
import { ImageSearchApi } from "./image-search-api.ts";
import { ImageStorage } from "./image-storage.ts";

/** The flow from an uploaded image to search hits: storage, events, functions, a database and a search API. */
export class ImageFlow extends pulumi.ComponentResource {
  readonly storage: ImageStorage;
  readonly database: ImageDatabase;
  readonly events: ImageEvents;
  readonly functions: ImageFunctions;
  readonly searchUrl: pulumi.Output<string>;
  /** The API key of each user, as JSON. */
  readonly searchKeys: StoredSecret;

  constructor(name: string, args: ImageFlowArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:ImageFlow", name, {}, options);
    const inside = { parent: this };
    const stem = name.replace(/-images$/, "-image");
    const { code, settings, keepData, network, defaults } = args;
    this.storage = new ImageStorage(name, { keepData, renditionDays: settings.renditionDays }, inside);
    this.database = new ImageDatabase(
      name,
      { settings, keepData, network, migrateCode: code.migrate, migrateHash: code.migrateHash, defaults },
      inside,
    );
    this.events = new ImageEvents(stem, { images: this.storage.images, consumerTimeoutSeconds }, inside);
    const api = new ImageSearchApi(
      `${stem}-search`,
      { users: settings.users, authorization: settings.authorization, isTraced: defaults.tracing.enabled },
      inside,
    );
    const { storage, database, events } = this;
    this.functions = new ImageFunctions(
      stem,
      { ...args, storage, database, events, usersByKeyId: api.usersByKeyId },
      inside,
    );
    this.searchUrl = api.connect(this.functions.search);
    this.searchKeys = new StoredSecret(
      `${stem}-search-keys`,
      { description: "API keys of the image search", value: api.keysByUser },
      inside,
    );
    this.registerOutputs();
  }
}
