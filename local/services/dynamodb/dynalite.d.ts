/** The parts of dynalite 4.0.0 that the local DynamoDB is made of. */
declare module "dynalite/db/index.js" {
  type Callback<Result = void> = (error: Error | null, result?: Result) => void;
  type AttributeValue = Record<string, unknown>;
  export type Item = Record<string, AttributeValue>;

  export interface ItemDb {
    get(key: string, callback: Callback<Item>): void;
    put(key: string, item: Item, callback: Callback): void;
    del(key: string, callback: Callback): void;
  }

  export interface Store {
    tableDb: { awsAccountId: string; awsRegion: string };
    db: { close(callback: Callback): void };
    getItemDb(tableName: string): ItemDb;
  }

  const db: {
    create(options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }): Store;
  };
  export default db;
}

declare module "dynalite/validations/index.js" {
  import type { Store } from "dynalite/db/index.js";

  const validations: {
    checkTypes(input: object, types: object): object;
    checkValidations(input: object, types: object, custom: unknown, store: Store): void;
  };
  export default validations;
}
