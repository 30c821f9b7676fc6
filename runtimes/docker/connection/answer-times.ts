/** How long the daemon may take to answer: the one table. None is met by a daemon that is well, however busy. */

/** Milliseconds, by what is asked of the daemon. */
export const ANSWER_MS = {
  /** What it knows of a container or a volume, or does to one at once. */
  request: 10_000,
  /** What it is and can do: it counts containers and images, which takes seconds on a busy machine. */
  describe: 15_000,
  /** What it knows of one image, or of all. */
  image: 30_000,
  create: 60_000,
  start: 120_000,
  /** Of a container that may only try whether there is a GPU: it starts at once, or not at all. */
  probe: 60_000,
  remove: 60_000,
  /** Large layers take a while to be deleted. */
  removeImage: 120_000,
  /** To take the plan: a trainer may be taken while it still loads TensorFlow. */
  handOver: 30_000,
  /** To hand out all that a trainer has left: one that falls silent must not hold the run for ever. */
  collect: 1_800_000,
} as const;
