/** Moves sessions out and in. The credentials pass this process only in bundles that it cannot open, but for files that come open. */
import { randomBytes } from 'node:crypto'
import { type Account, type InstanceId, type SessionKey, sessionKeyOf, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import { sealTo } from '@warren/runtime/crypto'
import {
  keyFrom,
  type NamedFile,
  newKdf,
  readHeader,
  readMultiFileState,
  sealBundle,
} from '@warren/runtime/session-bundle'
import type { SessionCalls } from '@warren/runtime/session-calls'
import type { InstanceService } from '../instances/index.ts'

export type TransferService = {
  /** @throws WarrenError `not_paired`, `suspended`, `payload_too_large`, `session_unavailable` */
  leave(
    organization: string,
    id: InstanceId,
    passphrase: string,
  ): Promise<{ bundle: string; account: Account }>
  /** @throws WarrenError `bundle_invalid`, `already_paired`, `conflict`, `suspended`, `session_unavailable` */
  arriveFromBundle(
    organization: string,
    id: InstanceId,
    bundle: string,
    passphrase: string,
  ): Promise<{ account: Account }>
  /** @throws WarrenError as `arriveFromBundle` */
  arriveFromFiles(
    organization: string,
    id: InstanceId,
    files: readonly NamedFile[],
  ): Promise<{ account: Account }>
}

const PURPOSE = 'session-bundle'
const KEY_BYTES = 32

export function createTransferService(deps: {
  instances: InstanceService
  commands: SessionCalls
  clock: Clock
}): TransferService {
  const { instances, commands, clock } = deps

  async function sessionOf(organization: string, id: InstanceId): Promise<SessionKey> {
    const { spec } = await instances.require(organization, id)
    if (spec.operatingMode === 'Suspended') throw new WarrenError('suspended')
    return sessionKeyOf({ organization, instance: id })
  }

  /** The key, for the session's process alone: it passes Redis. */
  async function sealedFor(session: SessionKey, key: Uint8Array): Promise<string> {
    const { publicKey } = await commands.call(session, 'session.box', {})
    return sealTo(Buffer.from(publicKey, 'base64'), key, PURPOSE).toString('base64')
  }

  async function arrive(session: SessionKey, key: Uint8Array, bundle: string) {
    return commands.call(session, 'session.import', { key: await sealedFor(session, key), bundle })
  }

  return {
    async leave(organization, id, passphrase) {
      const session = await sessionOf(organization, id)
      const kdf = newKdf()
      const key = await keyFrom(passphrase, kdf)
      return commands.call(session, 'session.export', { key: await sealedFor(session, key), kdf })
    },
    async arriveFromBundle(organization, id, bundle, passphrase) {
      const session = await sessionOf(organization, id)
      const { kdf } = readHeader(Buffer.from(bundle, 'base64'))
      if (!kdf) throw new WarrenError('bundle_invalid', 'it was not made with a passphrase')
      return arrive(session, await keyFrom(passphrase, kdf), bundle)
    },
    async arriveFromFiles(organization, id, files) {
      const session = await sessionOf(organization, id)
      const { account, rows } = readMultiFileState(files)
      const key = randomBytes(KEY_BYTES)
      const bundle = await sealBundle(key, { account, createdAt: clock.now().toISOString() }, rows)
      return arrive(session, key, bundle.toString('base64'))
    },
  }
}
