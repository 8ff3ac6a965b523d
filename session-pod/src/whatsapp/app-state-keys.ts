/**
 * The keys of app state that the phone shares, once, when a device is linked. Baileys stores them after it has acknowledged the message
 * that brings them; here they are stored with its ratchet, so that a crash in between costs none.
 */
import type { Change, SessionState } from '../store/state.ts'
import { type AuthenticationCreds, type BinaryNode, proto } from './baileys.ts'

const TYPE = 'app-state-sync-key'

/** The keys in a message between own devices. */
export function sharedKeys({ attrs }: BinaryNode, payload: Uint8Array): Change[] {
  if (attrs.category !== 'peer') return []
  const { protocolMessage } = proto.Message.decode(payload)
  return (protocolMessage?.appStateSyncKeyShare?.keys ?? []).flatMap(({ keyId, keyData }): Change[] => {
    if (!keyId?.keyId || !keyData) return []
    return [{ type: TYPE, id: Buffer.from(keyId.keyId).toString('base64'), value: keyData }]
  })
}

/** The one to write with, when the process that was given it ended before it noted that. */
export function noteSharedKey(creds: AuthenticationCreds, state: Pick<SessionState, 'ids'>): void {
  const newest = [...state.ids(TYPE)].at(-1)
  if (newest !== undefined) creds.myAppStateKeyId ??= newest
}
