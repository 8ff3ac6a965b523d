/** Accepting a message in the pod, by the same steps as the API: a durable row under a fixed id first, then the wake-up. */
import { createHash } from 'node:crypto'
import { isWarrenError, messageIdFrom, recipientJidOf, sessionKeyOf, WarrenError } from '@warren/contracts'
import type { Lease, SendQueue } from '@warren/runtime/session-store'
import type { ControlTarget } from './target.ts'

/**
 * @param deps.randomBytes for the id of a message without an idempotency key
 * @param deps.wake tells the sender that the queue grew
 */
export function createTextAcceptor(deps: {
  readonly queue: Pick<SendQueue, 'enqueue'>
  readonly lease: Lease
  readonly randomBytes: (count: number) => Uint8Array
  readonly wake: () => void
}): ControlTarget['send'] {
  const { queue, lease, randomBytes, wake } = deps
  const { instance, organization } = lease

  return async (message, idempotencyKey) => {
    const to = recipientJidOf(message.to)
    if (!to) throw invalidRecipient()
    const messageId = messageIdFrom(
      idempotencyKey === undefined ? randomBytes(9) : nineBytesOf(sessionKeyOf(lease), idempotencyKey),
    )
    try {
      await queue.enqueue({
        instance,
        organization,
        messageId,
        to,
        content: { type: 'text', text: message.text },
      })
    } catch (error) {
      // A row that is there already is this very message: its id comes from the same request.
      if (!isWarrenError(error, 'already_exists')) throw error
    }
    wake()
    return { id: messageId, to }
  }
}

function nineBytesOf(session: string, key: string): Uint8Array {
  return createHash('sha256').update(`message\0${session}\0${key}`).digest().subarray(0, 9)
}

function invalidRecipient(): WarrenError {
  const message = '"to" must be an international phone number, or the JID of a person or group'
  return new WarrenError('validation_failed', message, {
    details: { fields: [{ path: 'body.to', message }] },
  })
}
