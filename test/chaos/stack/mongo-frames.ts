/** Cuts a stream of MongoDB's wire protocol into its messages: each begins with its own length. */
export function createFrames(onFrame: (frame: Buffer) => void): (bytes: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  return (bytes) => {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes])
    while (pending.length >= 4) {
      const length = pending.readInt32LE(0)
      if (pending.length < length) return
      onFrame(pending.subarray(0, length))
      pending = pending.subarray(length)
    }
  }
}
