/** First in, first out, in constant time however many wait. */
export class Fifo<T> {
  #items: T[] = []
  #next = 0

  get length(): number {
    return this.#items.length - this.#next
  }

  push(item: T): void {
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#next]
  }

  shift(): T | undefined {
    const item = this.#items[this.#next++]
    if (this.#next >= this.#items.length) {
      this.#items = []
      this.#next = 0
    }
    return item
  }
}
