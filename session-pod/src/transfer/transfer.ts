/** The session leaves, or arrives: its credentials and keys, sealed for the road. Redis carries both and can open neither. */
import { type Account, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import { createBox } from '@warren/runtime/crypto'
import { type BundleRow, type Kdf, openBundle, sealBundle } from '@warren/runtime/session-bundle'
import { EXPORTED } from '../session/model.ts'
import type { Session } from '../session/session.ts'
import { decodeValue, encodeValue } from '../store/codec.ts'
import type { Committer } from '../store/committer.ts'
import { endedLinkReason, hasEndedLink } from '../store/ended-link.ts'
import type { Change, SessionState } from '../store/state.ts'
import { accountOf, adoptedFrom, keptCredentials, PORTABLE } from '../whatsapp/index.ts'

export type Transfer = {
  /** What keys are sealed for. */
  publicKey(): Uint8Array
  /**
   * Ends the use of the link here, durably, and only then gives the bundle. Repeating it gives the same state again, as long as no new
   * link was made.
   * @param sealedKey the key of the bundle, sealed for this process
   * @throws WarrenError `not_paired`, `bundle_invalid`, `payload_too_large`
   */
  leave(sealedKey: Uint8Array, kdf: Kdf | undefined): Promise<{ bundle: Buffer; account: Account }>
  /**
   * Takes a link over and connects with it.
   * @throws WarrenError `already_paired`, `bundle_invalid`, `conflict` when it is of another number than the one allowed
   */
  arrive(sealedKey: Uint8Array, bundle: Uint8Array): Promise<Account>
}

const PURPOSE = 'session-bundle'

export function createTransfer(options: {
  state: SessionState
  committer: Pick<Committer, 'flush'>
  session: Session
  /** Resolves when no connection is left. */
  closed: () => Promise<void>
  onlyPhone?: string
  clock: Clock
}): Transfer {
  const { state, committer, session, closed, onlyPhone, clock } = options
  const box = createBox()

  function keyIn(sealedKey: Uint8Array): Buffer {
    try {
      return box.open(sealedKey, PURPOSE)
    } catch (cause) {
      throw new WarrenError('bundle_invalid', 'the key was sealed for another process; try again', { cause })
    }
  }

  return {
    publicKey: () => box.publicKey,
    async leave(sealedKey, kdf) {
      const key = keyIn(sealedKey)
      const creds = keptCredentials(state)
      const account = creds && accountOf(creds)
      const ended = hasEndedLink(state)
      if (!account || (ended && endedLinkReason(state) !== EXPORTED)) throw new WarrenError('not_paired')
      if (!ended) session.dispatch({ type: 'loggedOut', by: EXPORTED })
      await closed()
      // From here on no process of this Warren connects with the link, whatever becomes of the bundle.
      await committer.flush()
      const rows = PORTABLE.flatMap((type) =>
        [...state.all(type)].flatMap(([id, value]) => rowOf(type, id, value)),
      )
      const header = { account, createdAt: clock.now().toISOString(), ...(kdf ? { kdf } : {}) }
      return { bundle: await sealBundle(key, header, rows), account }
    },
    async arrive(sealedKey, bundle) {
      if (session.account()) throw new WarrenError('already_paired')
      const { rows } = await openBundle(keyIn(sealedKey), bundle)
      const changes = rows.map(
        ([type, id, value]): Change => ({ type, id, value: decodeValue(type, JSON.stringify(value)) }),
      )
      const adopted = adoptedFrom(state, changes, clock.now())
      if (!adopted)
        throw new WarrenError('bundle_invalid', 'it does not hold the credentials of a linked device')
      if (onlyPhone && adopted.account.phone !== onlyPhone)
        throw new WarrenError('conflict', `this instance is for the number ${onlyPhone}`)
      // Nothing waited since the first line that could have let a phone link meanwhile, but opening the bundle.
      if (session.account()) throw new WarrenError('already_paired')
      for (const step of adopted.steps) state.apply(step)
      session.dispatch({ type: 'imported', account: adopted.account })
      await committer.flush()
      return adopted.account
    },
  }
}

/** That the link has ended here is nothing for the next place. */
function rowOf(type: string, id: string, value: unknown): BundleRow[] {
  if (type === 'creds' && id !== 'main') return []
  return [[type, id, JSON.parse(encodeValue(type, value))]]
}
