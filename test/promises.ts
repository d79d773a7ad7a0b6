/** Test file, and the name of a test in it as the source has it. */
export type TestRef = readonly [file: string, name: string];

/** The tests that hold each promise of docs/guarantees.md, by the promise. `npm run docs` writes the page that lists them. */
export const promises: Readonly<Record<string, readonly TestRef[]>> = {
  "Every alarm fires on its condition, clears when the condition is over, and watches a metric that a process writes.":
    [
      [
        "test/conformance/every-alarm.test.ts",
        "every alarm of the stack fires on its condition, clears when the condition is over, and notifies its topic of both",
      ],
      [
        "test/infra/alarms.test.ts",
        "every alarm says what has happened, links to its runbook, notifies the topic both ways, and all but one treat missing data as healthy",
      ],
    ],
  "`npm run doctor` reports what a stack lacks; each check is isolated.": [
    [
      "test/conformance/doctor.test.ts",
      "F35: an index of another dimension, a question without dates and an invalid key are reported, each by its own check",
    ],
    [
      "test/unit/doctor/checks.test.ts",
      "are isolated: one that fails and one that never responds do not affect the others",
    ],
  ],
  "Every line and word that is neither noise nor blank is published exactly once.": [
    ["test/flows/start.test.ts", "proves that nothing was lost, shows what happened and finds something"],
    ["test/flows/pipeline.test.ts", "a receipt goes in, and a search finds its lines and words"],
  ],
  "A run exists only when both its deltas are durable; after a crash in between, the redelivered message completes it.":
    [
      [
        "test/integration/ingest/crash.test.ts",
        "is finished by the redelivered message: the run is current, open and listed (F1, F5)",
      ],
    ],
  "The same content is embedded once.": [
    [
      "test/flows/pipeline.test.ts",
      "F12 the same messages again cost no embedding request and change nothing",
    ],
    [
      "test/flows/pipeline.test.ts",
      "content A, then B, then A again: each replaces the other, and the second A is not embedded again",
    ],
  ],
  "Content that becomes current again is processed again, however late an earlier message of it arrives, and wherever its processes die.":
    [
      [
        "test/integration/ingest/late-opening.test.ts",
        "F5: content that becomes current again while its first, slow message opens its run gets another attempt, wherever it crashes",
      ],
    ],
  "A receipt is replaced as a whole: vectors that its new content lacks are deleted.": [
    [
      "test/integration/collections/apply-deltas.test.ts",
      "replaces a receipt: what its delta lacks goes, other receipts stay",
    ],
  ],
  "A crash of compaction at any step leads to the same published collection.": [
    [
      "test/flows/pipeline.test.ts",
      "killing the compaction process in the middle of its cycles ends in the same published collection",
    ],
    ["test/integration/collections/cycle.test.ts", "a process that dies"],
    [
      "test/faults/killed.test.ts",
      "F2 F3 F5 F21: a process that is killed loses nothing and blocks no other",
    ],
    [
      "test/faults/full-disk.test.ts",
      "F2 F13 F19: a disk that is full publishes nothing, and what it stopped is done once there is room",
    ],
    [
      "test/faults/chroma.test.ts",
      "F2 F15 F19: a Chroma server that dies in the middle of a fold loses nothing",
    ],
  ],
  "Duplicate, late and reordered messages lead to the same published collection.": [
    ["test/faults/deliveries.test.ts", "F2 F10 F11: messages that come twice, late and in another order"],
  ],
  "Lease, publish and sweep lose nothing in any interleaving, and each of their guards is necessary.": [
    [
      "test/faults/model/model.test.ts",
      "whatever is paused, dies or gets lost: what counts is published, and no run stays open",
    ],
  ],
  "The ECS worker publishes and acknowledges like the function: whenever it stops, its work is published exactly once.":
    [
      [
        "test/flows/compaction-worker.test.ts",
        "receipts go in, and the worker publishes each of them exactly once",
      ],
      [
        "test/flows/compaction-worker.test.ts",
        "a worker that gets %s in the middle of its cycles is replaced, and its work is published exactly once",
      ],
      [
        "test/integration/collections/compaction-worker.test.ts",
        "F2: acknowledges what is applied and nothing else: what fails is redelivered until it is in the DLQ",
      ],
      [
        "test/integration/collections/compaction-worker.test.ts",
        "in the middle of step `%s` of %s leaves nothing half-published and no lease",
      ],
      [
        "test/integration/collections/compaction-worker.test.ts",
        "F21: a worker that is killed at step `%s` is replaced by the next one",
      ],
    ],
  "Each image is in exactly one shard, and the cycle of a shard touches no other shard.": [
    [
      "test/flows/shards.test.ts",
      "receipts of several images end in the shards of their images, each exactly once",
    ],
    ["test/unit/documents/shards.test.ts", "know their collection, and each image is in exactly one of them"],
    [
      "test/integration/collections/shards.test.ts",
      "the cycles of one shard never touch another's lease, head or files, and wait for none",
    ],
    [
      "test/integration/collections/shards.test.ts",
      "a message of another shard's image ends in the DLQ, because its receipt would be in both",
    ],
  ],
  "A partially accepted batch is never counted as sent.": [
    [
      "test/unit/changes/queue-publisher.test.ts",
      "F7: what stays refused is raised by position, and all others are in the queue",
    ],
  ],
  "Missing, extra and stale vectors are found, named and repaired under concurrent changes; a vector in flight is no finding.":
    [
      [
        "test/flows/verify.test.ts",
        "a collection that was tampered with is reported, counted in metrics, and repaired",
      ],
      [
        "test/integration/verify/verify-shard.test.ts",
        "a vector that is one too many, and one of a line that was removed",
      ],
      [
        "test/integration/verify/verify-shard.test.ts",
        "what is published while the shard is read is no finding",
      ],
      [
        "test/integration/verify/verify-shard.test.ts",
        "is looked at to its end in several, and all of them together say what one would",
      ],
      [
        "test/unit/verify/digest.test.ts",
        "is the same for the same vectors in any order, with their metadata's keys in any order",
      ],
      ["test/integration/verify/repair.test.ts", "vectors of a receipt that was removed go again"],
    ],
  "A missing run or delta is found, and recreated from its rows as long as they exist (F1).": [
    [
      "test/integration/verify/repair.test.ts",
      "a run whose delta is lost is embedded again, and then republished",
    ],
  ],
  "After the number of shards changed, the new shards are filled from the stored deltas.": [
    [
      "test/integration/verify/repair.test.ts",
      "after the number of shards was changed, the new shards are filled from the stored deltas",
    ],
  ],
  "A bad row, field or message fails alone and is reported with its reason; the same text gives the same rows at every rotation.":
    [
      [
        "test/integration/ingest/bad-input.test.ts",
        "F30: a line of 9,000 characters is rejected alone, and its neighbours are embedded",
      ],
      [
        "test/unit/receipts/parse-rows.test.ts",
        "F29: %s is named with its line and reason, and the rows around stay",
      ],
      ["test/integration/failed/rejected-rows.test.ts", "and those of a superseded run are not"],
      ["test/unit/receipts/turned-receipts.test.ts", "turned by %i degrees"],
    ],
  "A wrong clock does not block a receipt: an export time in the future is refused, and equal revisions are ordered the same way everywhere.":
    [
      [
        "test/unit/runs/current-run.test.ts",
        "F37: of content of one moment the same run counts, whichever is seen first",
      ],
      [
        "test/unit/runs/current-run.test.ts",
        "F37: a revision from the future holds nothing off, and is gone with what comes next",
      ],
    ],
  "The summary of `npm start` counts what is published, not what was sent.": [
    [
      "test/unit/start/verdict.test.ts",
      "F20 missing, extra and repeated ids are each counted and the first is named",
    ],
  ],
  "A run that stays open is redriven; after `sweep:redrives` attempts it is FAILED with its reason, and an alarm fires.":
    [
      ["test/flows/sweep.test.ts", "F5 the scheduled sweeper redrives a run whose messages were lost"],
      [
        "test/flows/sweep.test.ts",
        "F5 a run that no sending has helped is given up into FAILED, with the reason on it, and counted for people",
      ],
      [
        "test/unit/sweep/open-run-rules.test.ts",
        "whenever sweeps run and wherever they crash, a run that stays open is redriven the configured times, then given up",
      ],
    ],
  "The delta of a current run is never deleted; another is deleted only when no message can name it any more.":
    [
      [
        "test/integration/sweep/sweep-deltas.test.ts",
        "are deleted where another run is current; those of the current run are never deleted",
      ],
      [
        "test/integration/sweep/sweep-deltas.test.ts",
        "deltas that are deleted after embed has found them are not relied on: the message is redelivered and embeds again",
      ],
      [
        "test/infra/sweeper.test.ts",
        "F6: a delta is kept as long as a message that names it can be in a queue and then in its DLQ",
      ],
    ],
  "Above `ingest:maxOpenRuns` messages wait in the embed queue; none is lost, and none counts as failed.": [
    [
      "test/flows/sweep.test.ts",
      "F13 more receipts than may be open wait in the embed queue, and each is published exactly once",
    ],
    [
      "test/integration/ingest/back-pressure.test.ts",
      "they are redelivered with their original revision, so a later export stays current",
    ],
    [
      "test/integration/ingest/back-pressure.test.ts",
      "a crash between sending back and acknowledging leaves two of them, of which the second finds nothing to do",
    ],
  ],
  "A write to the receipts table appears in every vector that it concerns, and searches can filter by it.": [
    [
      "test/flows/changes.test.ts",
      "a merchant and labels show in the published vectors, and the search finds by both",
    ],
    [
      "test/flows/start.test.ts",
      "the demo of a change shows it before and after, again and again, and what it prints next finds it",
    ],
    ["test/flows/scanned-receipts.test.ts", "a search under a merchant finds lines of its receipts only"],
  ],
  "A merchant is found under its current name, and under no earlier one.": [
    [
      "test/flows/changes.test.ts",
      "F9 a renamed merchant is found under the new name only, and a field that is gone leaves the vectors",
    ],
    [
      "test/flows/scanned-receipts.test.ts",
      "after a rename it finds them under the new name only, and those of the others as before",
    ],
  ],
  "A word shows exactly its labels; removing one leaves the others.": [
    [
      "test/integration/collections/changes.test.ts",
      "F9: removing one label leaves the word's other labels, and its state follows from those",
    ],
    [
      "test/flows/changes.test.ts",
      "F9 a removed label leaves the word's other labels, a changed one takes its new value",
    ],
  ],
  "A change that arrives before its vector is not lost.": [
    [
      "test/integration/collections/changes.test.ts",
      "F10: a change that arrives before its vector shows when the vector's delta is merged",
    ],
    [
      "test/flows/changes.test.ts",
      "F10 what is written before its receipt is exported shows with its first vectors",
    ],
  ],
  "Removing a receipt, line or word removes its vectors, also when the same content is merged later.": [
    ["test/integration/collections/changes.test.ts", "of a word, of a line with its words, of the receipt"],
    [
      "test/integration/collections/changes.test.ts",
      "a removed line stays away when the same run is merged again",
    ],
    [
      "test/integration/collections/changes.test.ts",
      "a removal that is seen before its receipt's older content is honoured when that comes",
    ],
    ["test/flows/changes.test.ts", "a word takes its vector, a line its own and those of its words"],
  ],
  "An item that is created again keeps its vectors, and exporting a receipt again restores what was removed of it.":
    [
      ["test/integration/collections/changes.test.ts", "F11: what was created again in the same batch stays"],
      [
        "test/integration/collections/changes.test.ts",
        "F11: a receipt that was exported again after its removal stays, whenever the removal is seen",
      ],
      [
        "test/flows/changes.test.ts",
        "deleting a receipt removes all of its vectors, and exporting it again restores all of them",
      ],
    ],
  "A metadata key has one type in every vector, from every writer.": [
    [
      "test/integration/collections/changes.test.ts",
      "F17: what is written has the type of its key, and a value of another type is put right",
    ],
  ],
  "Compaction's own writes never invoke the stream processor.": [
    ["test/unit/changes/messages.test.ts", "F16: nothing that compaction writes is answered"],
    [
      "test/flows/changes.test.ts",
      "F16 neither compaction's own writes nor other items invoke the stream processor",
    ],
  ],
  "A stack watches every entity and field that vectors show, or those that its settings select.": [
    [
      "test/unit/changes/messages.test.ts",
      "a stack gets changes of the fields that it watches, and of no others",
    ],
    [
      "test/infra/configuration.test.ts",
      "what cannot be watched is named, with what was meant and what there is, all at once",
    ],
  ],
  "Many changes of one receipt cost one query, and a change that is already published publishes nothing.": [
    ["test/integration/collections/changes.test.ts", "many changes of one receipt cost one query"],
    [
      "test/integration/collections/changes.test.ts",
      "a change that the collection shows already publishes nothing",
    ],
  ],
  "A change is published by its own size: a segment above the base, which no publish of a change copies or opens.":
    [
      [
        "test/integration/collections/segments/publish.test.ts",
        "is published as a segment: no database is opened, and none written",
      ],
      [
        "test/integration/collections/segments/publish.test.ts",
        "what a step fails or dies at is published once, by the next cycle, and nothing is acknowledged before",
      ],
    ],
  "However changes are published, merged, folded into a base and restored, readers see the same vectors.": [
    [
      "test/unit/collections/segments/overlay.test.ts",
      "any history of publishes, merges, folds and restores reads as the history applied directly",
    ],
    [
      "test/integration/collections/changes-in-any-order.test.ts",
      "any history of exports, metadata, labels and removals ends in what the final items imply, however it arrives",
    ],
    [
      "test/integration/collections/segments/publish.test.ts",
      "goes into the next base when there is too much above the one before, and what is shown stays",
    ],
  ],
  "What an older release has published stays readable.": [
    [
      "test/integration/collections/segments/publish.test.ts",
      "is read as a base, and the first cycle over it gives it an index",
    ],
  ],
  "A delta that a kept generation names is there.": [
    [
      "test/integration/sweep/sweep-deltas.test.ts",
      "stay while a kept generation names them, and embed may use them",
    ],
    [
      "test/integration/sweep/sweep-deltas.test.ts",
      "are not removed where a publish has named them since the sweep looked at CURRENT",
    ],
  ],
  "No flipped bit, cut or addition in a segment or an index goes unseen.": [
    ["test/unit/collections/segments/files.test.ts", "no flipped bit, cut or addition goes unseen"],
  ],
  "One process at a time publishes a shard, whatever process pauses and whatever the clocks say.": [
    [
      "test/integration/collections/lease.test.ts",
      "F3: a paused holder that wakes after a takeover does not publish, whatever its clock says",
    ],
    [
      "test/integration/collections/lease.test.ts",
      "F3: nothing is published over a head that the cycle did not start from",
    ],
    [
      "test/faults/paused.test.ts",
      "F3 F4: a process that is paused beyond its lease and resumes publishes nothing over others",
    ],
    ["test/faults/contention.test.ts", "F3: a wall clock that is wrong by five minutes changes nothing"],
    [
      "test/faults/lease/stress.test.ts",
      "each contender publishes each of its rounds exactly once, whichever is paused and whatever the clocks say",
    ],
    [
      "test/integration/collections/lease.test.ts",
      "F4: the heartbeat and the release of a lapsed holder leave the new holder alone",
    ],
  ],
  "Exactly one of the function and the ECS worker receives messages; while `compaction:host` is switched, the lease excludes the other.":
    [
      ["test/infra/compaction-host.test.ts", "exactly one of the function and the worker compacts %s shards"],
      ["test/flows/compaction-worker.test.ts", "the function is given no message while the worker compacts"],
      [
        "test/integration/collections/compaction-worker.test.ts",
        "F3: and a running invocation of the function exclude each other by the lease",
      ],
    ],
  "A dead lease holder is replaced.": [
    [
      "test/integration/collections/lease.test.ts",
      "F21: a dead holder is replaced after a whole lease time, and not before",
    ],
  ],
  "A worker whose cycle hangs logs it, releases the lease and exits.": [
    [
      "test/integration/collections/compaction-worker.test.ts",
      "F5: a cycle that hangs past its deadline is logged and ends the worker, and its lease is released",
    ],
  ],
  "A database is copied only after its server has stopped.": [
    [
      "test/integration/collections/chroma-server.test.ts",
      "F15: what it acknowledged is in its files once it has stopped",
    ],
  ],
  "A generation under its final name is complete.": [
    [
      "test/unit/collections/generations.test.ts",
      "a crash between the last write and the rename leaves only a temporary folder",
    ],
  ],
  "A search sees one whole generation, and no search fails because a new one is published.": [
    [
      "test/integration/search/query-service.test.ts",
      "generations are swapped under load without a failed request, and every old one is closed",
    ],
    ["test/integration/search/swaps.test.ts", "no request fails across ten publishes and two folds"],
  ],
  "Up to `query:exactVectors` vectors per shard (with `query:host lambda`, in every shard that is opened) a search is exact: it compares every stored vector.":
    [
      [
        "test/unit/search/snapshot/snapshot.test.ts",
        "F44: after any history of changes and removals, the answer is what comparing every vector gives",
      ],
      [
        "test/integration/search/chroma-generations.test.ts",
        "the next generation reads only the receipts in which it differs from what is served",
      ],
      [
        "test/unit/findable/snapshot-recall.test.ts",
        "F44: after any history of upserts, changes and removals each vector is found by its own numbers",
      ],
    ],
  "`npm run verify -- --findable` measures the recall of a running stack, and names the vectors that a search misses.":
    [
      [
        "test/integration/findable/ask-shard.test.ts",
        "F44: where every vector is compared, each is found by its own numbers, however many are equal",
      ],
      [
        "test/integration/findable/ask-shard.test.ts",
        "F44: what Chroma's index misses above query:exactVectors is counted and named, and nothing else is",
      ],
      [
        "test/integration/findable/ask-shard.test.ts",
        "what the time does not allow is left for the next call, and all parts say together what one would",
      ],
      [
        "test/flows/verify.test.ts",
        "F44: vectors that ask for themselves are found, and one that is not is named and counted",
      ],
      [
        "test/infra/search-path.test.ts",
        "what asks for vectors by their own numbers goes the way of the deployed search",
      ],
      [
        "test/infra/search-path.test.ts",
        "with search functions it compares every vector, of as many as they open",
      ],
      [
        "test/integration/findable/ask-shard.test.ts",
        "F44: a shard that search functions do not open is not said to be findable",
      ],
    ],
  "Searches of the samples find their rows: merchants, misspelt names, dates, amounts, and what was paid where.":
    [["test/flows/search-questions.test.ts", "a question that nothing answers has no hits"]],
  "Above `query:exactVectors` too, every vector of a receipt that has changed since the base was written is compared.":
    [
      [
        "test/integration/search/segments.test.ts",
        "%s, a removed receipt is gone, one that came is found, and the next base shows the same",
      ],
    ],
  "A search over shards returns the best hits of what each of them serves, and names its generation, or fails: a shard that is not open is never left out.":
    [
      [
        "test/integration/search/query-service.test.ts",
        "answers with the best of all shards, ties by id, and says which generation of each answered",
      ],
      [
        "test/integration/search/query-service.test.ts",
        "does not answer while a shard is not open, for its hits would be missing",
      ],
      [
        "test/unit/search/shards/search-shards.test.ts",
        "a search that a shard does not answer is a 503 that says so, and counted",
      ],
      [
        "test/unit/search/shards/shard-search.test.ts",
        "%s: a warm process does not answer from an older generation for ever",
      ],
    ],
  "A corrupt generation is never served; the previous one stays in service, and an alarm fires.": [
    [
      "test/integration/search/chroma-generations.test.ts",
      "a generation whose file is not what the manifest says is refused and leaves nothing behind",
    ],
    [
      "test/unit/search/followed-collection.test.ts",
      "a corrupt generation leaves the previous one in service, and the log and the health check name it",
    ],
    [
      "test/infra/alarms.test.ts",
      "a corrupt generation is an alarm of each process that can find it, the query server only where there is one",
    ],
  ],
  "A collection can be rebuilt from its deltas without an embedding request, and is published at once.": [
    [
      "test/integration/collections/rebuild.test.ts",
      "is filled again from the deltas by the repair that the next cycle asks for, and the cycle's messages follow",
    ],
    [
      "test/integration/collections/rebuild.test.ts",
      "publishes nothing before it is complete, and each cycle continues from the one before",
    ],
    ["test/integration/collections/rebuild.test.ts", "sees what others changed between two of its parts"],
  ],
  "A corrupt file is not linked into the next generation.": [
    [
      "test/unit/collections/generations.test.ts",
      "is not linked: the new generation has the source's own bytes",
    ],
  ],
  "Restoring an older generation is an ordinary publish, and the next cycles publish what is newer again.": [
    [
      "test/integration/collections/restore-generation.test.ts",
      "lets the next cycles bring back all that is newer, changes and removals too",
    ],
    [
      "test/integration/collections/restore-generation.test.ts",
      "F3: that was paused until another one took over moves no head, whatever its clock says",
    ],
  ],
  "A permanent failure moves its message to the DLQ, the log has the reason, and the other messages of the batch succeed.":
    [
      [
        "test/flows/pipeline.test.ts",
        "F8 malformed, missing and wholly bad input ends in the dead-letter queue, and the log says why",
      ],
      [
        "test/flows/pipeline.test.ts",
        "F8 F2 an unreadable delta ends in both dead-letter queues, and the log says why",
      ],
    ],
  "A bad row is rejected alone, with its line number and reason.": [
    [
      "test/flows/pipeline.test.ts",
      "a bad row among good ones is set aside with its line number and reason; the others are published",
    ],
  ],
  "A throttled or failing service, or a crashed server, is no failure of a message.": [
    [
      "test/faults/throttled.test.ts",
      "F2 F13 F21: services that refuse, fail or lose answers cost time, and no message",
    ],
    [
      "test/unit/collections/isolate.test.ts",
      "F13: a transient error blames no item: where it does not recur, none is left out",
    ],
  ],
  "Waiting for the lease or the rate limit is no failure of a message.": [
    [
      "test/integration/collections/cycle.test.ts",
      "F13: a contender returns its messages to the queue and they count no failure",
    ],
    [
      "test/integration/embedding/openai-embedder.test.ts",
      "429 is not an attempt: it is deferred for as long as the provider says, more often than attempts allow (F23)",
    ],
  ],
  "Every flipped bit, truncation or addition in a delta is detected.": [
    ["test/unit/deltas/codec.test.ts", "no flipped bit goes unseen"],
    ["test/unit/deltas/codec.test.ts", "no cut and no addition goes unseen"],
  ],
  "A malformed stream record is stored whole with its reason, and the other records of its batch are applied.":
    [
      [
        "test/flows/changes.test.ts",
        "F8 a malformed item ends in the rejected queue with its reason, and its neighbours are applied",
      ],
      [
        "test/unit/changes/process-records.test.ts",
        "F8: a record too large for a message leaves its images behind and still does not block",
      ],
    ],
  "A stream batch is retried from the first record that is not in all of its queues.": [
    [
      "test/unit/changes/process-records.test.ts",
      "F7, F14: the answer is the first record that is not in all of its queues",
    ],
  ],
  "A change message that cannot be read, or whose receipt cannot, is redelivered or ends in the DLQ; the others are applied.":
    [
      [
        "test/integration/collections/changes.test.ts",
        "F8: a message that cannot be read goes to the DLQ; the rest of its batch is applied",
      ],
      [
        "test/integration/collections/changes.test.ts",
        "F2: where the items of one receipt cannot be read, its messages are redelivered, and others are applied",
      ],
    ],
  "A stream record that Lambda gives up raises an alarm, whether it was stored or not.": [
    ["test/infra/alarms.test.ts", "F8: one stream record that is %s is an alarm"],
  ],
  "A poison stream record does not block its shard and is stored whole; an outage is retried for 20 hours.": [
    [
      "test/unit/changes/process-records.test.ts",
      "F39: what a queue refuses for its content goes to the rejected queue, and blocks no other",
    ],
    [
      "test/infra/queues.test.ts",
      "F7, F8, F39: a stream record waits out an outage of 20 hours, and ends whole in S3",
    ],
  ],
  "An unreadable item fails only its own receipt, with a reason.": [
    [
      "test/integration/collections/unreadable-items.test.ts",
      "%s fails alone, goes to the DLQ with its reason, and the others are published",
    ],
    [
      "test/integration/sweep/sweep-open-runs.test.ts",
      "of %s gives up its own entry with the reason, once, and sweeps continue",
    ],
    [
      "test/integration/verify/verify-shard.test.ts",
      "F26: whose item (%s) cannot be read is named, and the others are compared",
    ],
  ],
  "A receipts table can be shared with an application: items of other kinds are counted, and never rejected.":
    [["test/unit/entities/entity-key.test.ts", "F27: %s is the application's"]],
  "A crash at any moment delays messages by less than two minutes.": [
    [
      "test/faults/killed-at-start.test.ts",
      "F39: a process killed before its first call blocks its message group for the queue's visibility, and loses nothing",
    ],
    [
      "test/infra/queues.test.ts",
      "F39: in %s a consumer that dies before its first call is over within two minutes",
    ],
  ],
  "Every failure is listed with its reason, and listing changes nothing.": [
    [
      "test/flows/merchants.test.ts",
      "a message that is received too often is listed, and a retry has its receipt looked at",
    ],
    ["test/flows/failed.test.ts", "failures are listed with their reasons, each time"],
    [
      "test/unit/failed/dead-letters.test.ts",
      "lists each with its reason and subject, and returns every one to the queue",
    ],
  ],
  "A replayed message is sent before it is deleted from the DLQ and keeps its revision, so it supersedes nothing newer.":
    [
      [
        "test/flows/failed.test.ts",
        "after the cause is fixed, a retry replays everything, and nothing is left",
      ],
      [
        "test/unit/failed/dead-letters.test.ts",
        "whose deletion fails loses nothing: it is sent and still in the DLQ",
      ],
      [
        "test/unit/failed/dead-letters.test.ts",
        "keeps its revision: what was exported since stays the newer content",
      ],
    ],
  "A failed message is deleted only after it was shown and the deletion was confirmed.": [
    ["test/flows/failed.test.ts", "a purge deletes only what was confirmed"],
    [
      "test/unit/failed/dead-letters.test.ts",
      "a purge deletes what was listed, and keeps what arrived since",
    ],
  ],
  "Stuck runs raise an alarm, and so does a sweeper that does not run.": [
    ["test/infra/alarms.test.ts", "F5: stuck runs raise alarms, and so does a sweeper that does not run"],
  ],
  "Every alarm names a runbook whose commands exist, and watches a metric that is written.": [
    [
      "test/infra/runbooks.test.ts",
      "every alarm leads to a runbook, and every runbook has an alarm that does",
    ],
    [
      "test/infra/runbooks.test.ts",
      "every metric of the product's own that an alarm watches is written under that name",
    ],
    ["test/infra/runbooks.test.ts", "has commands that exist, of npm or of AWS on an output of the stack"],
  ],
  "Of several rows of one id the last row of the file is in the index, on every host and in every order of the chunks; the others are counted and listed.":
    [
      [
        "test/integration/catchup/duplicates.test.ts",
        "F28: the last row of the file wins, in every order of the chunks and when they are delivered again",
      ],
      [
        "test/integration/catchup/duplicates.test.ts",
        "F28: rows of a chunk that was given up fail, but not those that later rows replace; a retry brings none of them back",
      ],
    ],
  "No cell is changed silently: it is stored as written, its row fails with a reason, or the file is refused before anything is embedded.":
    [
      [
        "test/integration/catchup/input-kept.test.ts",
        "F29: every cell of every column is kept as it was written, or its row fails",
      ],
      ["test/unit/catchup/cell-value.test.ts", "F29: that is read as a number is written back exactly"],
      [
        "test/unit/catchup/row-ranges.test.ts",
        "F29: bytes that are not UTF-8 are refused with the first row that has them",
      ],
    ],
  "Processed, failed, filtered and duplicate rows always add up to all rows.": [
    [
      "test/integration/catchup/settle-task.test.ts",
      "processed, failed and filtered are all rows, whatever becomes of rows and chunks (F18, F20)",
    ],
    [
      "test/integration/catchup/settle-task.test.ts",
      "totals that do not add up are not settled, and reported (F19, F20)",
    ],
    [
      "test/unit/catchup/row-ranges.test.ts",
      "has the rows that csv-parse finds in the whole, each in exactly one range (F18)",
    ],
  ],
  "Failed records are stored with their reason and row, and can be retried alone.": [
    [
      "test/integration/catchup/settle-task.test.ts",
      "the rows of a chunk that was given up fail with it, and are kept; a misfit keeps its own reason",
    ],
    [
      "test/integration/catchup/run-task.test.ts",
      "only the failed records are tried again, by the same dates, and keep their row numbers",
    ],
  ],
  "A bad record fails alone, whether the model or the index refuses it.": [
    [
      "test/unit/catchup/embed-records.test.ts",
      "what the model refuses fails alone, every record of that text, and all others have their vectors",
    ],
    [
      "test/unit/catchup/upsert-records.test.ts",
      "what the index refuses fails alone, and all others are written",
    ],
  ],
  "A chunk that is processed again counts once and embeds nothing again.": [
    [
      "test/unit/catchup/process-chunk.test.ts",
      "a chunk that is delivered again gives the same counts, pays nothing and writes nothing (F12)",
    ],
    [
      "test/unit/catchup/process-chunk.test.ts",
      "after its vectors are stored never pays for one again (F12)",
    ],
  ],
  "A text that a task has paid for is not paid for again while the embedding cache keeps it, and no vector of another text or model takes its place.":
    [
      [
        "test/flows/catch-up.test.ts",
        "whose texts another task has paid for is not paid for again, by the function nor by the state machine",
      ],
      [
        "test/unit/embedding/embedding-cache.test.ts",
        "F67: a pack of which any byte is changed answers nothing wrong, and is counted",
      ],
      ["test/unit/embedding/embedding-cache.test.ts", "vectors of another space are not found: %j"],
    ],
  "A namespace never mixes vectors of two models, dimensions or text formats; a task that would is refused before anything is paid.":
    [
      [
        "test/integration/catchup/namespaces.test.ts",
        "F70: one row of which names a namespace of another model is refused before anything is paid or written",
      ],
      [
        "test/integration/catchup/namespaces.test.ts",
        "F70: that many processes claim at once for two models is for one of them",
      ],
    ],
  "In lane batch each text is paid once, by a batch or by its chunk, wherever a process dies, and what a batch leaves the chunks pay.":
    [
      [
        "test/integration/catchup/batch.test.ts",
        "F71: killed at any step, a unit ends with every vector, and each text is paid once",
      ],
      ["test/integration/catchup/batch.test.ts", "F72: what a batch that %s does not pay, the chunks pay"],
      ["test/flows/catch-up.test.ts", "in lane batch is paid by the Batch API, and its chunks pay nothing"],
    ],
  "After a crash another process takes over: totals are exact, and every row is in the index once.": [
    [
      "test/faults/catch-up.test.ts",
      "after a process is killed another takes over: totals are exact, and every row is there once",
    ],
    [
      "test/faults/catch-up.test.ts",
      "F18 F19 F20 a chunk whose attempts are used up: its rows fail with their source, and can be tried again",
    ],
    [
      "test/integration/catchup/watch-tasks.test.ts",
      "is settled once its execution has ended without settling it",
    ],
    [
      "test/integration/catchup/settle-task.test.ts",
      "processed, failed and filtered are all rows, whatever becomes of rows and chunks (F18, F20)",
    ],
  ],
  "A request starts one task, however often it is sent, and wherever its first process crashed.": [
    [
      "test/integration/catchup/start-task.test.ts",
      "that arrives many times concurrently starts one task, once (F12)",
    ],
    [
      "test/integration/catchup/start-task.test.ts",
      "%s any call is completed by the next request: one task, which is started (F21)",
    ],
  ],
  "The state machine's input does not grow with the number of chunks.": [
    [
      "test/integration/catchup/run-task.test.ts",
      "goes to the state machine, whose input does not grow with the chunks (F22)",
    ],
    [
      "test/faults/catch-up.test.ts",
      "F22 what an execution is given and answers is as large for many chunks as for one",
    ],
  ],
  "A failed or truncated export fails its task; it never indexes half the rows.": [
    [
      "test/integration/catchup/metabase.test.ts",
      "a connection that breaks during the export leaves no plan of half the rows (F18)",
    ],
    [
      "test/integration/catchup/metabase.test.ts",
      "an export that reaches the row cap may have been cut: its dates are halved until none does",
    ],
  ],
  "Waiting for a provider's rate limit fails no row.": [
    [
      "test/integration/catchup/run-task.test.ts",
      "that a provider's limit leaves no time for is handed over too, and no row fails (F23)",
    ],
  ],
  "A task whose execution has ended or whose function has used up its attempts is settled, and a task whose start was lost is started, within two minutes and without a request.":
    [
      ["test/integration/catchup/watch-tasks.test.ts", "F21: an open task without a worker"],
      ["test/integration/catchup/watch-tasks.test.ts", "F21: a task whose start was lost"],
      [
        "test/faults/catch-up-watch.test.ts",
        "F21 a task whose execution was aborted is settled by the watch, not by a status request",
      ],
      ["test/faults/catch-up-watch.test.ts", "F21 a task whose start was lost is started by the watch"],
      ["test/infra/catch-up-alarms.test.ts", "F21: a watch that does not run is an alarm"],
    ],
  "Queries have no side effects: `GET /status` and `GET /tasks` only read.": [
    ["test/integration/catchup/routes.test.ts", "F21: a query has no side effects"],
  ],
  "Repeated requests do not multiply calls of Step Functions.": [
    [
      "test/integration/catchup/executions.test.ts",
      "a running execution is described every ten seconds at most, however often its task is requested",
    ],
  ],
  "No secret is in a function's environment, an output or a log line.": [
    ["test/infra/secrets.test.ts", "F24: a secret's value stands in its secret version and nowhere else"],
    ["test/integration/search/http-server.test.ts", "F24 neither key nor query text reaches the log"],
  ],
  "Each role allows exactly the actions that its function uses.": [
    ["test/infra/permissions.test.ts", "the compaction function may do this and nothing else"],
    ["test/flows/pipeline.test.ts", "no process of the stack was refused anything"],
  ],
  "Queues, the file system, the alarm topic and every role serve only the own account over TLS; no public API lacks authentication.":
    [
      [
        "test/infra/exposure.test.ts",
        "no queue is reached without TLS, nor by a principal of another account, whatever else allows it",
      ],
      [
        "test/infra/exposure.test.ts",
        "the file system serves only clients with TLS, through the access point, whose role allows it",
      ],
      [
        "test/infra/exposure.test.ts",
        "a service assumes a role on behalf of the own account only, except to start a task",
      ],
      ["test/infra/exposure.test.ts", "nothing answers the internet without a stated authentication"],
    ],
  "The embed function has no access to leases and heads.": [
    [
      "test/infra/permissions.test.ts",
      "the embed function may do this and nothing else: no lease and no head is within its reach",
    ],
  ],
  "An external key or path never escapes its folder.": [
    ["test/unit/receipts/embed-message.test.ts", "the image_id %j is no UUID (F25)"],
    [
      "test/unit/collections/generations.test.ts",
      "F25: a manifest that names a file outside its folder is refused",
    ],
  ],
  "A `pulumi destroy` or `up` that would delete or replace data is refused before anything is deleted.": [
    [
      "test/infra/data-protection.test.ts",
      "F45: the engine refuses to delete or replace whatever holds data in prod, and nothing else",
    ],
  ],
  "A name, key or zone that AWS would refuse during a deployment is refused before anything is declared.": [
    [
      "test/infra/stack-names.test.ts",
      "under the longest stack name that is accepted every name fits, with every option; under a longer one not",
    ],
    [
      "test/infra/configuration.test.ts",
      "F24: a secret of the wrong form is refused by its length, and its value is not repeated",
    ],
  ],
  "Changing `compaction:host` in either direction never lets two hosts receive messages.": [
    [
      "test/infra/compaction-host.test.ts",
      "back on the function, it is given no messages in the deployment that deletes the worker",
    ],
  ],
  "100,000 vectors of 1536 dimensions are merged, published, searched and verified in less than 4 GB.": [
    [
      "test/scale/scale.test.ts",
      "the query service finds the line that is known to be the nearest, among all of them",
    ],
    [
      "test/scale/scale.test.ts",
      "the published collection is what the deltas, the items and the removals say, and nothing else",
    ],
    ["test/scale/scale.test.ts", "`npm run verify` compares all of it, numbers too, and finds it clean"],
    ["test/scale/scale.test.ts", "all processes together never had more than 4 GB"],
  ],
  "A cycle in a warm process that holds the base copies nothing.": [
    [
      "test/integration/collections/cycle.test.ts",
      "a warm process copies a generation only when it does not hold it",
    ],
    [
      "test/flows/bench-compaction.test.ts",
      "npm run bench:compaction -- --quick merges, changes and prints all that the long run does",
    ],
  ],
  "An uploaded image is found by what it shows, and only by its user.": [
    ["test/flows/images.test.ts", "an uploaded image is found by what it shows, and only by its user"],
    ["test/integration/images/store.test.ts", "nobody reads or changes what another user has"],
    ["test/integration/images/store.test.ts", "every statement about images compares the user"],
  ],
  "The newest event of an object decides, in whatever order events arrive; the expiry of an old version deletes nothing.":
    [
      [
        "test/integration/images/store.test.ts",
        "the newest event of a key decides, in whatever order events arrive",
      ],
      [
        "test/integration/images/process.test.ts",
        "F53: the expiry of an old version deletes nothing of an object that is still there",
      ],
    ],
  "One call of the model is paid per content, prompt and model, however often its event arrives, and a repeat undoes no later answer.":
    [
      [
        "test/integration/images/analyze.test.ts",
        "asks once for an event that arrives three times, and publishes each time",
      ],
      [
        "test/integration/images/analyze.test.ts",
        "asks once for two deliveries at the same time: one is deferred",
      ],
      [
        "test/integration/images/analyze.test.ts",
        "F54: a repeated event does not undo a later answer to the same image",
      ],
    ],
  "The vector of an older analysis never replaces that of a newer one.": [
    [
      "test/integration/images/store.test.ts",
      "the vector of an older analysis does not replace that of a newer one",
    ],
  ],
  "A message that waits for the budget or a rate limit is never given up for its age.": [
    [
      "test/unit/queues/consumed-queue.test.ts",
      "F52: a message that is deferred for days is replaced before its queue gives it up",
    ],
    ["test/integration/images/embed.test.ts", "F52: a rate limit defers the message, which is no failure"],
  ],
  "A deleted image leaves no analysis, vector or rendition.": [
    ["test/flows/images.test.ts", "a deleted image is found no more, and nothing of it is left"],
  ],
  "Killing workers, the API or the broker of the bulk API loses no row and counts none twice.": [
    [
      "test/flows/bulk.test.ts",
      "SIGKILL of every worker and of the API in mid-run loses no row and counts none twice",
    ],
    ["test/flows/bulk.test.ts", "SIGKILL of the broker in mid-run, with two tasks at once, loses no row"],
    [
      "test/flows/bulk.test.ts",
      "SIGTERM, as a deployment sends it, lets the workers finish and loses no row",
    ],
    [
      "test/flows/bulk.test.ts",
      "every row of two tasks is in the index once, and paid for at most once per fault more",
    ],
  ],
  "The same file ends in the same index and the same sums by workers, by Step Functions and by one function.":
    [
      [
        "test/integration/bulk/workers.test.ts",
        "the same file ends alike by workers, state machine and function, byte for byte",
      ],
      [
        "test/flows/bulk.test.ts",
        "generated files end alike by the workers, by Step Functions and by one function, byte for byte",
      ],
    ],
  "A bulk task that kills its processes fails after five attempts, with the reason.": [
    [
      "test/integration/bulk/killed-attempts.test.ts",
      "fails the task with the reason once five processes were killed in it",
    ],
  ],
  "A task whose jobs the broker lost is dispatched again, without the chunks that are over.": [
    [
      "test/integration/bulk/workers.test.ts",
      "a task whose jobs the broker lost is dispatched again by the watch, without the chunks that are over",
    ],
  ],
  "While a worker knows that the provider, the sink or DynamoDB is away, its chunks are deferred and use up no attempt.":
    [
      [
        "test/integration/bulk/workers.test.ts",
        "F60: during an outage chunks are deferred without using up their attempts, and nothing is called",
      ],
      [
        "test/integration/bulk/outages.test.ts",
        "DynamoDB is called no more after 5 failures, for 180 s, whatever command it is",
      ],
    ],
  "A snapshot is what is published, of all shards as one Chroma collection, and a later release of Chroma opens it.":
    [
      [
        "test/integration/snapshots/export-snapshot.test.ts",
        "is what is published, of base and segments, and a later release of Chroma opens it",
      ],
      [
        "test/integration/snapshots/export-snapshot.test.ts",
        "of several shards is one collection with the vectors of all",
      ],
    ],
  "An export that dies, fails or is overtaken at any step leaves the snapshot before; the next one replaces it and leaves nothing else behind.":
    [
      [
        "test/faults/snapshots.test.ts",
        "F64: %s leaves the snapshot before, and the next export replaces it",
      ],
      [
        "test/faults/snapshots.test.ts",
        "F64: of exports at once one becomes the newest snapshot, and nothing of the others is left",
      ],
      ["test/faults/snapshots.test.ts", "%s: the snapshot before stays"],
    ],
  "A snapshot holds of each shard one generation, whatever is published or collected as garbage meanwhile.": [
    [
      "test/faults/snapshots.test.ts",
      "F65: what is published meanwhile is not in the snapshot, and is in the next one",
    ],
    [
      "test/faults/snapshots.test.ts",
      "F65: a generation that is removed while it is exported gives way to the newer head",
    ],
  ],
  "After any publishes, folds, removals and deaths, the mirror equals the published generation once its function has run.":
    [
      [
        "test/faults/mirror.test.ts",
        "F68: the mirror equals what is published after random publishes, killed at any request",
      ],
      ["test/integration/mirror/mirror-shard.test.ts", "compares at first, and then replays each publish"],
    ],
  "A writer that resumes after it has lost its lease makes the next run compare the whole mirror.": [
    [
      "test/integration/mirror/mirror-shard.test.ts",
      "F69: what a paused writer writes after it has lost its lease is repaired by the next run",
    ],
  ],
  "An index that was deleted and made again is filled from what is published.": [
    [
      "test/integration/mirror/mirror-shard.test.ts",
      "an index that was deleted and made again is filled from what is published",
    ],
  ],
  "A search of the mirror names its generation, and refuses what only a snapshot can do.": [
    [
      "test/integration/mirror/search-mirror.test.ts",
      "a text finds the nearest vectors, and the answer says that it is of the mirror, and of which generation",
    ],
    [
      "test/integration/mirror/search-mirror.test.ts",
      "what the mirror cannot do is refused with every reason, and not answered otherwise",
    ],
  ],
  "A merchant is written only where there is none: what a person or another program wrote stays, wherever a process dies.":
    [
      ["test/integration/merchants/resolve.test.ts", "F62: what somebody writes meanwhile as %s stays alone"],
      [
        "test/integration/merchants/resolve.test.ts",
        "F62: a process that dies %s any of its calls to the tables leaves what the next delivery completes",
      ],
      ["test/flows/merchants.test.ts", "what a person or another program wrote stays"],
    ],
  "Each question to Google Places is asked once while its answer is kept, and all processes together stay within the budget of the day.":
    [
      ["test/integration/merchants/places.test.ts", "F63: equal questions of many processes are asked once"],
      ["test/integration/merchants/places.test.ts", "F63: processes together never exceed the budget"],
      [
        "test/flows/merchants.test.ts",
        "an equal question is asked once, although the provider fails in between and messages come twice",
      ],
    ],
  "A receipt that waits for the budget of the day raises an alarm, uses up no receive of its message, and is looked at once there is a budget.":
    [
      [
        "test/integration/merchants/budget.test.ts",
        "F52: a receipt that waits for the budget more often than its queue receives is not given up, and is resolved once there is a budget",
      ],
      [
        "test/flows/merchants.test.ts",
        "a spent budget defers a receipt and fires its alarm, and with a budget its merchant is found",
      ],
    ],
  "With `embedding:writeStatus`, `embedding_status` says of a line or word what its collection's current run has come to, creates no item, and ends right wherever a process dies.":
    [
      [
        "test/integration/embedding-status/write-status.test.ts",
        "a line or word has SUCCESS once its collection is published and no sooner; a row without a vector keeps its own",
      ],
      [
        "test/integration/embedding-status/write-status.test.ts",
        "a redelivery writes nothing, and what a process left is completed",
      ],
      [
        "test/integration/embedding-status/write-status.test.ts",
        "F66: an item that is deleted while its status is written stays deleted",
      ],
      [
        "test/integration/embedding-status/write-status.test.ts",
        "F66: a late write of an older run does not stay",
      ],
    ],
  "`GET /runs` says how far the newest content of a receipt has come, and changes nothing.": [
    [
      "test/unit/ingest/await-runs.test.ts",
      "is PENDING until the attempt that is required is open, whatever the former one came to",
    ],
    [
      "test/unit/ingest/await-runs.test.ts",
      "is DELETED after a removal, and unknown where there never was one",
    ],
    [
      "test/integration/search/http-server.test.ts",
      "GET /runs says how far a receipt has come, and needs the key",
    ],
    ["test/flows/search-functions.test.ts", "a signed caller reads how far a receipt has come"],
  ],
};
