/** Embeds a text some times, one after the other, and prints the tokens that were read, or the error. */
import { ModelPool } from "../../../local/embeddings/model-pool.ts";

const pool = new ModelPool(() => {});
for (let time = 0; time < 3; time += 1) {
  await pool.embed(["milk"]).then(
    ([embedded]) => console.log(embedded?.tokens),
    (error: Error) => console.log(error.message),
  );
}
await pool.close();
