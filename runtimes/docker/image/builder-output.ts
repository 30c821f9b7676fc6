/** What Docker's classic builder says of its steps. */

/** Where a build stands. */
export interface BuildStep {
  /** 1 for the first. */
  readonly number: number;
  readonly of: number;
  /** E.g. `COPY app/ /opt/runner/app/`. */
  readonly instruction: string;
}

const STEP = /^Step (\d+)\/(\d+) : (.*)/;
const IMAGE = /^ ---> ([0-9a-f]{12})$/;
const CACHED = ' ---> Using cache';

/** Follows the builder's output: at which step it is, and which images it has made on the way. */
export class BuilderOutput {
  #rest = '';
  #step: BuildStep | undefined;
  #cached = false;
  readonly #made: string[] = [];

  /** @returns the step that began with this piece of output, if one did */
  add(piece: string): BuildStep | undefined {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    const before = this.#step;
    for (const line of lines) this.#read(line);
    return this.#step === before ? undefined : this.#step;
  }

  /** The step that began last. */
  get step(): BuildStep | undefined {
    return this.#step;
  }

  /**
   * Ids of the images that this build has made, the newest first: one a step. Those that it found in the cache are
   * another's, and the one after FROM is the base itself.
   */
  get made(): readonly string[] {
    return this.#made.toReversed();
  }

  #read(line: string): void {
    const [, number, of, instruction] = STEP.exec(line) ?? [];
    if (instruction !== undefined) {
      this.#step = { number: Number(number), of: Number(of), instruction };
      this.#cached = false;
      return;
    }
    if (line === CACHED) this.#cached = true;
    const [, image] = IMAGE.exec(line) ?? [];
    const isBase = /^FROM\b/i.test(this.#step?.instruction ?? '');
    if (image !== undefined && !isBase && !this.#cached) this.#made.push(image);
  }
}
