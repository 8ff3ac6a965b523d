/**
 * Baileys' Signal repository on our own store: each call is one group under the account's lock, so that the ratchet is in the log when the
 * call returns, not when an outer transaction of Baileys ends, which is after the frame was sent.
 */
import { createHash } from 'node:crypto'
import { addressOf, parseJid } from '@warren/contracts'
import type { Groups } from '../store/groups.ts'
import { isTrustworthyPair, type OwnIds } from './addresses.ts'
import {
  DEFAULT_CONNECTION_CONFIG,
  type ILogger,
  type SignalAuthState,
  type SignalRepositoryWithLIDStore,
  unpadRandomMax16,
} from './baileys.ts'
import { encryptAnew } from './encrypt-anew.ts'
import type { KeyStores } from './key-store.ts'

/** What the wrapper tells of each ciphertext, inside the group of its decryption. */
export type DecryptionListener = {
  /** Decrypted for the first time; what this records is durable with the ratchet, or neither is. */
  decrypted(ciphertext: Uint8Array, hash: string, payload: Uint8Array): void
  /** Whether the message that it belongs to is in the journal already. */
  isJournaled(ciphertext: Uint8Array): boolean
  /** It cannot be decrypted; called after the group was discarded. */
  failed(ciphertext: Uint8Array, error: unknown): void
}

/** A decrypted payload that WhatsApp may deliver again. */
export type InboxRecord = {
  /** Of the stanza: what the server names when it confirms our receipt. */
  readonly id: string
  readonly plaintext: Uint8Array
  /** Milliseconds since 1970. */
  readonly at: number
}

export type RepositoryOptions = {
  readonly groups: Groups
  readonly keys: KeyStores
  readonly own: OwnIds
  readonly listener: DecryptionListener
  /** Stanza id of a ciphertext, to find its record again when the server confirms our receipt. */
  readonly stanzaId: (ciphertext: Uint8Array) => string | undefined
  readonly now: () => Date
  /** Asks WhatsApp for the keys of a device and makes a new session with it. */
  readonly renewSession: (jid: string) => Promise<unknown>
  /** A message was encrypted for this device. */
  readonly onEncrypted: (jid: string) => void
  /** A message goes out without this device. */
  readonly onSkipped: (jid: string, error: unknown) => void
}

/** An empty message, padded. */
const NOTHING = new Uint8Array([1])

export const ciphertextHash = (ciphertext: Uint8Array) =>
  createHash('sha256').update(ciphertext).digest('base64url').slice(0, 32)

/** For Baileys' option `makeSignalRepository`. */
export function signalRepositoryFactory(options: RepositoryOptions) {
  const { groups, keys, own, listener, stanzaId, now } = options
  return (
    auth: SignalAuthState,
    logger: ILogger,
    pnToLid: Parameters<typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository>[2],
  ): SignalRepositoryWithLIDStore => {
    // Under the lock the question for a hidden id is answered from memory only: it is a network query.
    const lookUp = async (jids: string[]) => (groups.inside() ? [] : await pnToLid?.(jids))
    const inner = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
      { creds: auth.creds, keys: keys.signal },
      logger,
      lookUp,
    )
    guardMappings(inner, groups, own)

    /** WhatsApp delivers again what it was not told to be safe; the ratchet has moved on, so the stored plaintext answers. */
    async function decryptOnce(
      ciphertext: Uint8Array,
      decrypt: () => Promise<Uint8Array>,
    ): Promise<Uint8Array> {
      const hash = ciphertextHash(ciphertext)
      try {
        return await groups.run(async () => {
          const known = groups.get('inbox', hash) as InboxRecord | undefined
          if (known) return known.plaintext
          const plaintext = await decrypt()
          const record: InboxRecord = { id: stanzaId(ciphertext) ?? '', plaintext, at: now().getTime() }
          groups.put({ type: 'inbox', id: hash, value: record })
          listener.decrypted(ciphertext, hash, unpadRandomMax16(plaintext))
          return plaintext
        })
      } catch (error) {
        // Delivered once more, by its sender or by a server that missed our receipt: it gets a receipt, and not a request to send it again.
        if (listener.isJournaled(ciphertext)) return NOTHING
        listener.failed(ciphertext, error)
        throw error
      }
    }

    return {
      ...inner,
      decryptMessage: (opts) => decryptOnce(opts.ciphertext, () => inner.decryptMessage(opts)),
      decryptGroupMessage: (opts) => decryptOnce(opts.msg, () => inner.decryptGroupMessage(opts)),
      encryptMessage: encryptAnew({
        async encrypt(opts) {
          const encrypted = await groups.run(() => inner.encryptMessage(opts))
          options.onEncrypted(opts.jid)
          return encrypted
        },
        renew: options.renewSession,
        onSkipped: options.onSkipped,
      }),
      encryptGroupMessage: (opts) => groups.run(() => inner.encryptGroupMessage(opts)),
      getSenderKeyDistributionMessage: (opts) =>
        groups.run(() => inner.getSenderKeyDistributionMessage(opts)),
      processSenderKeyDistributionMessage: (opts) =>
        groups.run(() => inner.processSenderKeyDistributionMessage(opts)),
      injectE2ESession: (opts) => groups.run(() => inner.injectE2ESession(opts)),
      deleteSession: (jids) => groups.run(() => inner.deleteSession(jids)),
      async migrateSession(from, to) {
        if (!isTrustworthyPair({ pn: from, lid: to }, own())) return { migrated: 0, skipped: 0, total: 0 }
        return groups.run(() => inner.migrateSession(from, to))
      },
    }
  }
}

type MappingsInside = {
  storeLIDPNMappings(pairs: { lid: string; pn: string }[]): Promise<void>
  getLIDsForPNs(pns: string[]): Promise<{ lid: string; pn: string }[] | null>
  /** The look-up without the list of those under way: private in Baileys' types. */
  _getLIDsForPNsImpl(pns: string[]): Promise<{ lid: string; pn: string }[] | null>
  /** By `pn:<user>` and `lid:<user>`, for days: private as well. */
  mappingCache: { delete(key: string): boolean }
}

/**
 * Mappings are stored under the lock and only if they can be true. Under the lock a look-up must not join one that is under way
 * outside: that one waits for the network, and then for the lock.
 */
function guardMappings(repository: SignalRepositoryWithLIDStore, groups: Groups, own: OwnIds): void {
  const mappings = repository.lidMapping as unknown as MappingsInside
  const store = mappings.storeLIDPNMappings.bind(mappings)
  const lookUp = mappings.getLIDsForPNs.bind(mappings)
  mappings.storeLIDPNMappings = async (pairs) => {
    const trusted = pairs.filter((pair) => isTrustworthyPair(pair, own()))
    if (trusted.length === 0) return
    await groups.run(() => {
      for (const pair of trusted) forgetFormer(pair)
      return store(trusted)
    })
  }
  /** A number that is somebody else's by now must not be looked up in the cache, nor keep what is new from being stored. */
  function forgetFormer(pair: { lid: string; pn: string }): void {
    const { lid, pn } = addressOf(pair.lid, pair.pn)
    const [pnUser, lidUser] = [pn, lid].map((jid) => jid && parseJid(jid)?.user)
    if (!pnUser || !lidUser) return
    const [formerLid, formerPn] = [pnUser, `${lidUser}_reverse`].map((id) => groups.get('lid-mapping', id))
    if (formerLid === lidUser && formerPn === pnUser) return
    for (const user of [pnUser, formerPn]) mappings.mappingCache.delete(`pn:${user}`)
    for (const user of [lidUser, formerLid]) mappings.mappingCache.delete(`lid:${user}`)
  }
  mappings.getLIDsForPNs = (pns) => (groups.inside() ? mappings._getLIDsForPNsImpl(pns) : lookUp(pns))
}
