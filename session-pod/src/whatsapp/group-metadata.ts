import { WarrenError } from '@warren/contracts'
import type { Socket } from './baileys.ts'

/** WhatsApp's answers about a group that is closed to this account: not authorised, forbidden, not found, gone. */
const CLOSED = [401, 403, 404, 410]

/**
 * Who is in a group, for a message to it.
 * @throws WarrenError `not_in_group` when this account left it or was removed, or it is no more; any other error may pass
 */
export async function groupMetadata(socket: Pick<Socket, 'groupMetadata'>, jid: string) {
  try {
    return await socket.groupMetadata(jid)
  } catch (cause) {
    // Baileys' error of an iq has WhatsApp's code as its data.
    const { data: code } = cause as { data?: unknown }
    if (typeof code !== 'number' || !CLOSED.includes(code)) throw cause
    throw new WarrenError('not_in_group', undefined, { cause, details: { whatsappCode: code } })
  }
}
