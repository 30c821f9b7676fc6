/** Images a second over the steps that are counted: the first of a run is not, it plans and allocates. */
export class Throughput {
  #images = 0;
  #ms = 0;

  add(images: number, ms: number): void {
    this.#images += images;
    this.#ms += ms;
  }

  /** Null before anything was counted. */
  get imagesPerSecond(): number | null {
    return this.#ms > 0 ? (1000 * this.#images) / this.#ms : null;
  }
}
