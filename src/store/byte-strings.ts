/** Byte strings side by side with the place where each ends: how ids cross into native code in one call. */
export class ByteStrings {
  readonly bytes: Buffer
  readonly ends: Uint32Array

  constructor(parts: readonly Uint8Array[]) {
    this.bytes = Buffer.concat(parts)
    this.ends = new Uint32Array(parts.length)
    let end = 0
    for (let i = 0; i < parts.length; i++) {
      end += parts[i]!.length
      this.ends[i] = end
    }
  }
}
