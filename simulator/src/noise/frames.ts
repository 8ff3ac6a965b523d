const INTRO_BYTES = 4
/** A client that was once given routing info sends "ED", a version and a length before the intro. */
const ROUTING_HEADER_BYTES = 7

/** Cuts the byte stream of one client into frames; chunks may split or join frames anywhere. */
export interface FrameReader {
  push(chunk: Uint8Array): Buffer[]
}

const introLength = (bytes: Buffer): number | undefined => {
  if (bytes.length < INTRO_BYTES) return undefined
  if (bytes.toString('latin1', 0, 2) !== 'ED') return INTRO_BYTES
  if (bytes.length < ROUTING_HEADER_BYTES) return undefined
  return ROUTING_HEADER_BYTES + bytes.readUIntBE(4, 3) + INTRO_BYTES
}

export const createFrameReader = (): FrameReader => {
  let rest: Buffer = Buffer.alloc(0)
  let introSeen = false
  return {
    push(chunk) {
      rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
      if (!introSeen) {
        const length = introLength(rest)
        if (length === undefined || rest.length < length) return []
        if (rest.toString('latin1', length - INTRO_BYTES, length - 2) !== 'WA') {
          throw new Error('the stream does not begin with the WhatsApp intro')
        }
        rest = rest.subarray(length)
        introSeen = true
      }
      const frames: Buffer[] = []
      while (rest.length >= 3) {
        const end = 3 + rest.readUIntBE(0, 3)
        if (rest.length < end) break
        frames.push(rest.subarray(3, end))
        rest = rest.subarray(end)
      }
      return frames
    },
  }
}

/** One server-to-client frame: three bytes of length, then the body. */
export const encodeFrame = (body: Uint8Array): Buffer => {
  const frame = Buffer.allocUnsafe(3 + body.length)
  frame.writeUIntBE(body.length, 0, 3)
  frame.set(body, 3)
  return frame
}
