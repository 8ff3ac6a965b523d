/**
 * Write errors between a driver and MongoDB, made on the wire: some commands never reach the server, others take effect there although
 * their client is told that they failed. The second is what a replica set does when it loses its primary in the wrong moment.
 */
import type { Random } from '../random.ts'
import { createFrames } from './mongo-frames.ts'
import type { Tap } from './proxy.ts'

const WRITES = new Set(['insert', 'update', 'delete', 'findAndModify'])
const OP_MSG = 2013
const HEADER = 16
/** Header, flags and the kind of the first section: its document begins here. */
const BODY = 21

export type WriteErrors = {
  readonly tap: Tap
  /** The share of writes that fail from now on, 0 for none. */
  fail(share: number, random: Random): void
  /** How many writes were made to fail. */
  count(): number
}

export function createWriteErrors(): WriteErrors {
  let share = 0
  let random: Random | undefined
  let count = 0

  const tap: Tap = ({ toServer, toClient }) => {
    /** Requests that went to the server, whose answers are replaced. */
    const replaced = new Set<number>()
    return {
      fromClient: createFrames((frame) => {
        if (!random?.chance(share) || !isWrite(frame)) return toServer(frame)
        count += 1
        const id = frame.readInt32LE(4)
        if (random.chance(0.5)) return toClient(failure(id))
        replaced.add(id)
        toServer(frame)
      }),
      fromServer: createFrames((frame) => {
        const answered = frame.readInt32LE(8)
        toClient(replaced.delete(answered) ? failure(answered) : frame)
      }),
    }
  }
  return {
    tap,
    fail(next, by) {
      share = next
      random = by
    },
    count: () => count,
  }
}

function isWrite(frame: Buffer): boolean {
  if (frame.readInt32LE(12) !== OP_MSG || frame[BODY - 1] !== 0) return false
  // Length of the document, type of its first element, and then its name: the command.
  const name = frame.subarray(BODY + 5, frame.indexOf(0, BODY + 5)).toString('utf8')
  return WRITES.has(name)
}

/** What a node says that is being shut down. */
function failure(responseTo: number): Buffer {
  const body = bson([
    [0x10, 'ok', int32(0)],
    [0x10, 'code', int32(91)],
    [0x02, 'codeName', text('ShutdownInProgress')],
    [0x02, 'errmsg', text('injected: the server is going to shut down')],
    [0x04, 'errorLabels', bson([[0x02, '0', text('RetryableWriteError')]])],
  ])
  const frame = Buffer.alloc(BODY + body.length)
  frame.writeInt32LE(frame.length, 0)
  frame.writeInt32LE(responseTo, 8)
  frame.writeInt32LE(OP_MSG, 12)
  frame.writeInt32LE(0, HEADER)
  frame.set(body, BODY)
  return frame
}

/** As much BSON as an error needs: type, name and value of each field. */
function bson(fields: readonly (readonly [type: number, name: string, value: Buffer])[]): Buffer {
  const body = fields.flatMap(([type, name, value]) => [Buffer.from([type]), Buffer.from(`${name}\0`), value])
  const bytes = Buffer.concat([int32(0), ...body, Buffer.from([0])])
  bytes.writeInt32LE(bytes.length, 0)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(`${value}\0`)
  return Buffer.concat([int32(bytes.length), bytes])
}
