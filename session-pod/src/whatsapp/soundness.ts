/** Whether stored credentials are whole: found out at load, before anything is sent with them. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { phoneOf } from '@warren/contracts'
import { hasEndedLink } from '../store/ended-link.ts'
import type { SessionState } from '../store/state.ts'
import type { AuthenticationCreds } from './baileys.ts'

/** Keys that only exist beside credentials. */
const BESIDE = ['session', 'pre-key', 'sender-key']
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** PKCS #8 of an X25519 key, up to its bytes. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** What is wrong with the stored credentials, in a word or two; undefined when nothing is, or there are none, or their link has ended. */
export function storedFlaw(state: SessionState): string | undefined {
  if (hasEndedLink(state)) return undefined
  const creds = state.get('creds', 'main')
  if (creds !== undefined) return flawOf(creds)
  const orphaned = BESIDE.some((type) => !state.ids(type)[Symbol.iterator]().next().done)
  return orphaned ? 'the credentials are missing beside their keys' : undefined
}

/** The first thing that is wrong with credentials of a linked device. */
export function flawOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'no credentials at all'
  const creds = value as Partial<AuthenticationCreds>
  const { account, me, signedPreKey, registrationId, nextPreKeyId, firstUnuploadedPreKeyId } = creds
  const pairs = {
    'Noise key': creds.noiseKey,
    'identity key': creds.signedIdentityKey,
    'signed pre-key': signedPreKey?.keyPair,
  }
  for (const [name, pair] of Object.entries(pairs)) {
    if (!isKeyPair(pair)) return `the ${name} is damaged`
  }
  if (signedPreKey?.signature?.length !== SIGNATURE_BYTES)
    return 'the signature of the signed pre-key is damaged'
  if (!isCount(registrationId, 0)) return 'the registration id is missing'
  if (!me?.id || !phoneOf(me.id)) return 'the account’s own address is missing'
  if (!hasBytes(account?.details) || !hasBytes(account?.accountSignature))
    return 'the phone’s signature of this device is missing'
  if (!isCount(nextPreKeyId, 1) || !isCount(firstUnuploadedPreKeyId, 1))
    return 'the counters of pre-keys are missing'
  return undefined
}

const hasBytes = (value: unknown) => value instanceof Uint8Array && value.length > 0
const isCount = (value: unknown, least: number) => Number.isInteger(value) && (value as number) >= least

/** Two halves that belong together: one half of another pair would log in as nobody, or be refused for good. */
function isKeyPair(pair: { public?: unknown; private?: unknown } | undefined): boolean {
  const { public: ours, private: secret } = pair ?? {}
  if (!(ours instanceof Uint8Array) || !(secret instanceof Uint8Array)) return false
  if (ours.length !== KEY_BYTES || secret.length !== KEY_BYTES) return false
  const der = Buffer.concat([PRIVATE_PREFIX, secret])
  const derived = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  return derived.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES).equals(ours)
}
