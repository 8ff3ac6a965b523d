/** What can be asked of an open connection, in Warren's words. */
import { type Account, bareJid, jidOfPhone, parseJid, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Ending } from '../session/disconnects.ts'
import { proto } from './baileys.ts'
import type { Connection } from './connect.ts'
import type { ImageMessage } from './content.ts'
import type { HandedOut } from './handed-out.ts'
import { uploadImage } from './media.ts'
import { type NumberCheck, numberQuery, readNumbers } from './numbers.ts'

/** Where a message goes; `absent` when the number is not on WhatsApp. */
export type Destination = { readonly jid: string } | 'absent'

export type Messenger = {
  /** Whether frames can leave now. */
  isOpen(): boolean
  /** When the oldest send began that is still on its way to the socket, on the monotonic clock. */
  relayingSinceMs(): number | undefined
  /** The LID of a number where it has one: WhatsApp refuses some numbers that it delivers under their LID. */
  resolve(to: string): Promise<Destination>
  checkNumbers(phoneNumbers: readonly string[]): Promise<NumberCheck[]>
  /**
   * Encrypts and hands the frame to the barrier; says nothing about its arrival.
   * @param fresh ask WhatsApp for the recipient's devices anew
   * @throws WarrenError `recipient_stale` when it can be encrypted for no device; any other error may pass
   */
  relay(id: string, to: string, bytes: Uint8Array, fresh: boolean): Promise<void>
  /** Whether WhatsApp, by the hash in its acknowledgement, knows of devices that a message of this connection did not go to. */
  missedDevices(id: string, hash: string): boolean
  /** Uploads an image; what it returns is the whole of its message. */
  uploadImage(bytes: Buffer, about: { mimetype: string; caption?: string }): Promise<ImageMessage>
  markRead(chat: string, ids: readonly string[]): Promise<void>
  /**
   * Ends the link at WhatsApp.
   * @throws WarrenError `not_connected` when WhatsApp confirmed it neither by an answer nor by ending the connection for it
   */
  unlink(account: Account): Promise<void>
  /** Shows the recipient that somebody types; a failure matters to nobody. */
  typing(to: string): void
  /** Asks whether WhatsApp restricts the account; the answer comes as {@link RestrictionNews}, before this resolves. */
  askRestriction(): Promise<void>
  /** Tells contacts that we are gone. */
  goOffline(): Promise<void>
}

const UNLINK_MS = 5_000

const isGroup = (jid: string) => parseJid(jid)?.kind === 'group'
const isUnlinking = ({ code, conflict }: Ending) => code === 401 || conflict === 'device_removed'

export function createMessenger(
  connection: Connection,
  { clock, handedOut }: { clock: Pick<Clock, 'monotonicMs'>; handedOut: Pick<HandedOut, 'relaying'> },
): Messenger {
  const { socket, fanOut } = connection

  const relaying = new Map<symbol, number>()
  const waiting = new Set<(error: unknown) => void>()
  void connection.ended.then(() => {
    const lost = new WarrenError('not_connected', 'the connection to WhatsApp was lost meanwhile')
    for (const reject of waiting) reject(lost)
  })

  /**
   * Baileys leaves queries waiting when the socket closes: they end with the connection here. Not with `Promise.race`, which would leave
   * a reaction on the connection's promise for every message of its life.
   */
  function whileOpen<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.add(reject)
      work.then(resolve, reject).finally(() => waiting.delete(reject))
    })
  }

  async function lookUp(phones: readonly string[]): Promise<NumberCheck[]> {
    const result = await whileOpen(socket.executeUSyncQuery(numberQuery(phones)))
    const found = readNumbers(phones, result?.list)
    const pairs = found.flatMap(({ jid, lid }) => (jid && lid ? [{ pn: jid, lid }] : []))
    if (pairs.length > 0) await socket.signalRepository.lidMapping.storeLIDPNMappings(pairs)
    return found
  }

  /** For single chats Baileys asks its memory of devices whatever it is told. */
  async function forgetDevices(to: string): Promise<void> {
    const { me } = socket.authState.creds
    const users = [to, me?.id, me?.lid].flatMap((jid) => parseJid(jid ?? '')?.user ?? [])
    for (const user of users) await socket.userDevicesCache.del(user)
  }

  return {
    isOpen: connection.isOpen,
    // In the order of insertion, which is that of their beginnings.
    relayingSinceMs: () => relaying.values().next().value,
    checkNumbers: lookUp,
    async resolve(to) {
      const jid = bareJid(to)
      const parsed = parseJid(jid)
      if (parsed?.kind !== 'pn') return { jid }
      // From memory: the repository asks WhatsApp otherwise, and does not tell unknown numbers from unmapped ones.
      const { [parsed.user]: lid } = await socket.authState.keys.get('lid-mapping', [parsed.user])
      if (lid) return { jid: `${lid}@lid` }
      const [check] = await lookUp([parsed.user])
      if (!check?.exists) return 'absent'
      return { jid: check.lid ?? check.jid ?? jidOfPhone(parsed.user) }
    },
    async relay(id, to, bytes, fresh) {
      const message = proto.Message.decode(bytes)
      const attempt = Symbol(id)
      relaying.set(attempt, clock.monotonicMs())
      if (fresh) await forgetDevices(to)
      const send = () => socket.relayMessage(to, message, { messageId: id, useUserDevicesCache: !fresh })
      const relayed = handedOut.relaying(id, () => (isGroup(to) ? send() : fanOut.relaying(id, send)))
      await whileOpen(relayed)
        .catch((cause: unknown) => {
          // Baileys' one word for it, thrown before it sends anything; a timeout or a closed socket has others.
          const unencryptable = cause instanceof Error && cause.message === 'All encryptions failed'
          throw unencryptable ? new WarrenError('recipient_stale', undefined, { cause }) : cause
        })
        .finally(() => relaying.delete(attempt))
    },
    missedDevices: fanOut.missed,
    uploadImage: (bytes, about) => whileOpen(uploadImage(socket, bytes, about)),
    async markRead(chat, ids) {
      // A receipt in a group names the author of each message, which the request does not carry.
      if (isGroup(chat))
        throw new WarrenError('validation_failed', 'messages of a group cannot be marked as read')
      await whileOpen(socket.readMessages(ids.map((id) => ({ remoteJid: chat, id, fromMe: false }))))
    },
    async unlink(account) {
      const answer = socket.query(
        {
          tag: 'iq',
          attrs: { to: 's.whatsapp.net', type: 'set', xmlns: 'md' },
          content: [
            {
              tag: 'remove-companion-device',
              attrs: { jid: socket.authState.creds.me?.id ?? account.jid, reason: 'user_initiated' },
            },
          ],
        },
        UNLINK_MS,
      )
      // Baileys resolves with nothing after a timeout, and WhatsApp may end the connection instead of answering.
      const outcome = await Promise.race([
        answer.then(
          (result) => result !== undefined,
          () => undefined,
        ),
        connection.ended,
      ])
      const unlinked = outcome ?? (await Promise.race([connection.ended, Promise.resolve(false)]))
      if (unlinked === true || (typeof unlinked === 'object' && isUnlinking(unlinked))) return
      throw new WarrenError('not_connected', 'WhatsApp did not confirm the end of the link')
    },
    typing: (to) => void whileOpen(socket.sendPresenceUpdate('composing', to)).catch(() => {}),
    async askRestriction() {
      await whileOpen(socket.fetchAccountReachoutTimelock())
    },
    async goOffline() {
      await whileOpen(socket.sendPresenceUpdate('unavailable'))
    },
  }
}
