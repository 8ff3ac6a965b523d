import type { BinaryNode } from '../protocol/node.ts'
import { Refusal } from '../world/errors.ts'
import type { Wire } from './wire.ts'

const TIMEOUT_MS = 10_000

/** Server-to-client questions that wait for an answer. */
export interface Requests {
  /** Sends an iq and resolves with the node of the same id. */
  send(iq: BinaryNode): Promise<BinaryNode>
  /** Waits for a node that will be settled under this key. */
  expect(key: string): Promise<BinaryNode>
  settle(key: string, answer: BinaryNode): void
  /** Rejects everything that waits. */
  stop(): void
}

export const createRequests = (wire: Wire): Requests => {
  const waiting = new Map<string, { resolve(answer: BinaryNode): void; reject(error: Error): void }>()

  const expect = (key: string) =>
    new Promise<BinaryNode>((resolve, reject) => {
      const finish = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer)
          waiting.delete(key)
          settle(value)
        }
      }
      const fail = finish(reject)
      const timer = setTimeout(() => fail(new Refusal('timeout', 'the client did not answer')), TIMEOUT_MS)
      waiting.set(key, { resolve: finish(resolve), reject: fail })
    })

  return {
    send(iq) {
      const answer = expect(iq.attrs.id ?? '')
      wire.send(iq)
      return answer
    },
    expect,
    settle: (key, answer) => waiting.get(key)?.resolve(answer),
    stop() {
      for (const { reject } of [...waiting.values()]) {
        reject(new Refusal('closed', 'the client closed the connection before it answered'))
      }
    },
  }
}
