import { randomBytes } from 'node:crypto'
import { type BinaryNode, bytesOf, childBytes, node, SERVER, seconds } from '../../protocol/node.ts'
import type { Passkey, Subscriber } from '../../world/directory.ts'
import { Refusal } from '../../world/errors.ts'
import type { PendingCompanion } from '../../world/pairings.ts'
import type { World } from '../../world/world.ts'
import { IqError } from '../iq/iq.ts'
import { type LinkedDevice, linkCompanion } from './link.ts'
import { faultOfAssertion, RP_ID } from './passkey-assertion.ts'
import { type Commitment, createPrimary, isCommittedTo, isHandoff, readPrologue } from './passkey-keys.ts'

/** A person with a passkey has this long. */
const PERSON_MS = 10 * 60_000

/**
 * Links a companion after the phone has answered its QR or code: at once, or by way of a passkey where the number has one.
 * @param secret the linking secret so far
 */
export const finishLink = async (
  world: World,
  subscriber: Subscriber,
  pending: PendingCompanion,
  secret: Uint8Array,
): Promise<LinkedDevice> => {
  const { passkey } = subscriber
  if (!passkey) return linkCompanion(subscriber, pending, secret)
  try {
    return await linkCompanion(
      subscriber,
      pending,
      await askForPasskey(world, subscriber, passkey, pending, secret),
    )
  } finally {
    pending.questions.clear()
    subscriber.passkeyCode = undefined
  }
}

/** Plays server and phone in linking with a passkey. Resolves with the secret that the companion chose. */
const askForPasskey = async (
  world: World,
  subscriber: Subscriber,
  passkey: Passkey,
  pending: PendingCompanion,
  secret: Uint8Array,
): Promise<Uint8Array> => {
  const fault = world.faults.effective(subscriber.number).passkey
  const challenge = randomBytes(32).toString('base64url')
  const ref = randomBytes(24).toString('base64url')
  const options = node('passkey_request_options', {}, Buffer.from(JSON.stringify(requestOptions(challenge))))
  pending.questions.set('passkey_request_options', () => [options])
  pending.questions.set('ref', () => [node('ref', {}, Buffer.from(ref))])

  const prologue = asked(pending, 'passkey_prologue', (asking) => {
    if (fault === 'refusePrologue') throw new IqError(401, 'not-authorized')
    return readAnswer(asking, { challenge, ref, passkey, secret })
  })
  notify(pending, 'passkey_prologue_request', fault === 'noOptions' ? [] : [options])
  const { commitment, proven } = await prologue

  const primary = createPrimary()
  const nonce = asked(pending, 'companion_nonce', (asking) => {
    const given = bytesOf(asking)
    if (!isCommittedTo(commitment, given)) throw new IqError(400, 'the nonce is not the one committed to')
    return given
  })
  if (fault !== 'noContinuation')
    notify(pending, 'crsc_continuation', [node('primary_ephemeral_identity', {}, primary.identity)])
  const companionNonce = await nonce
  // Only a companion that vouched for itself spares the person the comparison.
  if (!proven) subscriber.passkeyCode = primary.code(companionNonce)

  return asked(pending, 'encrypted_pairing_request', (asking) => {
    const request = primary.open(commitment, bytesOf(asking))
    const { companionPublicKey, companionIdentityKey, advSecret } = request ?? {}
    const isThem =
      pending.noiseKey.equals(companionPublicKey ?? Buffer.alloc(0)) &&
      Buffer.from(pending.keys.identityKey).equals(companionIdentityKey ?? Buffer.alloc(0))
    if (!isThem) throw new IqError(400, 'the pairing request is not of this companion')
    if (advSecret?.length !== 32 || Buffer.from(secret).equals(advSecret))
      throw new IqError(400, 'the pairing request has no new secret')
    return advSecret
  })
}

const requestOptions = (challenge: string) => ({
  challenge,
  timeout: PERSON_MS,
  rpId: RP_ID,
  allowCredentials: [],
  userVerification: 'required',
  extensions: { uvm: true },
})

const readAnswer = (
  asking: BinaryNode,
  expected: { challenge: string; ref: string; passkey: Passkey; secret: Uint8Array },
): { commitment: Commitment; proven: boolean } => {
  const { challenge, ref, passkey, secret } = expected
  const fault = faultOfAssertion(
    childBytes(asking, 'webauthn_assertion'),
    childBytes(asking, 'credential_id'),
    challenge,
    passkey,
  )
  if (fault) throw new IqError(401, fault)
  const payload = childBytes(asking, 'prologue_payload')
  const commitment = readPrologue(payload)
  if (commitment?.ref !== ref) throw new IqError(400, 'the prologue is not for this reference')
  const proof = childBytes(asking, 'pairing_handoff_proof')
  if (proof.length > 0 && !isHandoff(secret, payload, proof))
    throw new IqError(400, 'the handoff proof is wrong')
  return { commitment, proven: proof.length > 0 }
}

const notify = (pending: PendingCompanion, type: string, content: BinaryNode[]): void =>
  pending.send(
    node('notification', { from: SERVER, type, id: randomBytes(6).toString('hex'), t: seconds() }, content),
  )

/**
 * Resolves with what `check` made of the companion's iq of this tag. What it throws goes to the companion as an error and rejects here;
 * so does the end of the connection, and a person who takes too long.
 */
const asked = <T>(pending: PendingCompanion, tag: string, check: (asking: BinaryNode) => T): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      pending.questions.delete(tag)
      pending.gone.removeEventListener('abort', gone)
    }
    const gone = () => {
      end()
      reject(new Refusal('closed', 'the client closed the connection before it was linked'))
    }
    const timer = setTimeout(() => {
      end()
      reject(new Refusal('timeout', `the client did not send ${tag}`))
    }, PERSON_MS)
    timer.unref()
    pending.gone.addEventListener('abort', gone, { once: true })
    pending.questions.set(tag, (asking) => {
      end()
      try {
        resolve(check(asking))
      } catch (error) {
        reject(new Refusal('could_not_link', `couldn't link device: ${(error as Error).message}`))
        throw error
      }
      return undefined
    })
  })
