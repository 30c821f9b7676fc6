import { attachSuppressed } from './errors.js';

type Release = () => unknown;

/**
 * What a unit of work must give back, released last in, first out: `AsyncDisposableStack` for Node 20.
 *
 * Every release runs, whatever the ones before it did; the first error is thrown, the others hang on it as
 * `suppressed`. Releasing is idempotent: a second caller gets the first one's promise.
 */
export class Releasers implements AsyncDisposable {
  #releases: Release[] = [];
  #released: Promise<void> | undefined;

  /** @throws if everything was already released: the caller's resource would leak. */
  defer(release: Release): void {
    if (this.#released) throw new Error('Releasers: already released');
    this.#releases.push(release);
  }

  /** Takes charge of a disposable and hands it back. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.defer(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    );
    return resource;
  }

  /**
   * Moves everything to a new list, and leaves this one empty: the last line of a start that succeeded, so that
   * a start that fails halfway cleans what it made and one that succeeds hands it over.
   */
  move(): Releasers {
    const moved = new Releasers();
    moved.#releases = this.#releases;
    this.#releases = [];
    return moved;
  }

  release(): Promise<void> {
    this.#released ??= this.#run();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #run(): Promise<void> {
    const errors: unknown[] = [];
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) {
      try {
        await release();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw attachSuppressed(errors[0], errors.slice(1));
  }
}
