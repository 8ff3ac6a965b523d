import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { PasskeyAssertion, PasskeyStep } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import { type BinaryNode, Curve, initAuthCreds, proto } from '../baileys.ts'
import type { PasskeyFailure } from './flow.ts'
import { createPasskeyPairing } from './passkey-pairing.ts'

const CHALLENGE = Buffer.alloc(32, 1).toString('base64url')
const OPTIONS = { challenge: CHALLENGE, rpId: 'whatsapp.com', userVerification: 'required' }
const ASKING = 'CB:notification,type:passkey_prologue_request'
const GOING_ON = 'CB:notification,type:crsc_continuation'

const stanza = (tag: string, content: Uint8Array): BinaryNode => ({
  tag: 'notification',
  attrs: {},
  content: [{ tag, attrs: {}, content }],
})
const asking = stanza('passkey_request_options', Buffer.from(JSON.stringify(OPTIONS)))
const goingOn = stanza(
  'primary_ephemeral_identity',
  proto.PrimaryEphemeralIdentity.encode({
    publicKey: Curve.generateKeyPair().public,
    nonce: Buffer.alloc(32, 2),
  }).finish(),
)

/** Made for the challenge on WhatsApp's page; its signature is nobody's business here. */
function assertionOf(client: object = {}, flags = 5): PasskeyAssertion {
  const data = { type: 'webauthn.get', challenge: CHALLENGE, origin: 'https://web.whatsapp.com', ...client }
  const rpIdHash = createHash('sha256').update(OPTIONS.rpId).digest()
  return {
    id: 'AAAA',
    rawId: 'AAAA',
    type: 'public-key',
    response: {
      clientDataJSON: Buffer.from(JSON.stringify(data)).toString('base64url'),
      authenticatorData: Buffer.concat([rpIdHash, Buffer.of(flags), Buffer.alloc(4)]).toString('base64url'),
      signature: 'AAAA',
    },
  }
}

function setUp() {
  const clock = createFakeClock()
  const creds = initAuthCreds()
  const steps: PasskeyStep[] = []
  const failures: PasskeyFailure[] = []
  const sent: BinaryNode[] = []
  const server = { answer: async (_asked: BinaryNode): Promise<BinaryNode | undefined> => RESULT }
  const pairing = createPasskeyPairing({
    creds,
    query: (iq) => {
      const [child] = iq.content as BinaryNode[]
      if (child) sent.push(child)
      return server.answer(child ?? RESULT)
    },
    confirm: 'whenStale',
    clock,
    logger: silentLogger,
    onBegin: () => {},
    onStep: (step) => steps.push(step),
    onFailure: (failure) => failures.push(failure),
  })
  const hear = (event: string, heard: BinaryNode) => pairing.listeners[event]?.(heard)
  const tags = () => sent.map(({ tag }) => tag)
  return {
    clock,
    creds,
    steps,
    failures,
    sent,
    tags,
    server,
    pairing,
    hear,
    id: () => steps.at(-1)?.id ?? '',
  }
}

const tagsIn = (node: BinaryNode | undefined) => ((node?.content ?? []) as BinaryNode[]).map(({ tag }) => tag)

const RESULT: BinaryNode = {
  tag: 'iq',
  attrs: { type: 'result' },
  content: [{ tag: 'ref', attrs: {}, content: Buffer.from('reference') }],
}

test('a fresh QR vouches for the device: no code is shown, and the secret is a new one', async () => {
  const { creds, steps, sent, tags, pairing, hear, id } = setUp()
  const before = creds.advSecretKey
  hear(ASKING, asking)
  assert.notEqual(creds.advSecretKey, before)
  assert.deepEqual(steps.at(-1)?.options, OPTIONS)
  assert.equal((await pairing.assert(id(), assertionOf())).stage, 'phone')
  hear(GOING_ON, goingOn)
  await new Promise(setImmediate)
  assert.deepEqual(tags(), ['ref', 'passkey_prologue', 'companion_nonce', 'encrypted_pairing_request'])
  assert.ok(tagsIn(sent[1]).includes('pairing_handoff_proof'))
  assert.deepEqual(
    steps.map(({ stage }) => stage),
    ['assertion', 'phone', 'phone', 'phone', 'link', 'link'],
  )
  pairing.paired()
  assert.equal(pairing.underWay(), false)
})

test('after five minutes a person compares the code, and only then the device sends its keys', async () => {
  const { clock, steps, sent, tags, pairing, hear, id } = setUp()
  hear(ASKING, asking)
  await clock.advance(5 * 60_000)
  await pairing.assert(id(), assertionOf())
  hear(GOING_ON, goingOn)
  await new Promise(setImmediate)
  assert.deepEqual(tagsIn(sent[1]), ['credential_id', 'webauthn_assertion', 'prologue_payload'])
  assert.match(steps.at(-1)?.confirmationCode ?? '', /^[1-9A-HJ-NP-TV-Z]{4}-[1-9A-HJ-NP-TV-Z]{4}$/)
  assert.equal(tags().at(-1), 'companion_nonce')
  assert.equal((await pairing.confirm(id())).stage, 'link')
  assert.equal(tags().at(-1), 'encrypted_pairing_request')
})

test('a wrong assertion is told apart and costs nothing', async () => {
  const { pairing, hear, id, tags } = setUp()
  await assert.rejects(pairing.assert('any', assertionOf()), { code: 'passkey_not_asked' })
  hear(ASKING, asking)
  const wrong = [
    assertionOf({ challenge: 'AAAA' }),
    assertionOf({ origin: 'https://web.whatsapp.com.example.org' }),
    assertionOf({ origin: 'http://web.whatsapp.com' }),
    assertionOf({ type: 'webauthn.create' }),
    assertionOf({}, 0),
    assertionOf({}, 1),
  ]
  for (const one of wrong) await assert.rejects(pairing.assert(id(), one), { code: 'passkey_invalid' })
  await assert.rejects(pairing.assert('another', assertionOf()), { code: 'passkey_not_asked' })
  assert.deepEqual(tags(), [])
  await pairing.assert(id(), assertionOf())
  await assert.rejects(pairing.assert(id(), assertionOf()), { code: 'passkey_not_asked' })
})

test('each wait has an end, which says what did not come', async () => {
  const nobody = setUp()
  nobody.hear(ASKING, asking)
  await nobody.clock.advance(10 * 60_000)
  assert.equal(nobody.failures[0]?.reason, 'PasskeyExpired')
  await assert.rejects(nobody.pairing.assert(nobody.id(), assertionOf()), { code: 'passkey_expired' })

  const silent = setUp()
  silent.hear(ASKING, asking)
  await silent.pairing.assert(silent.id(), assertionOf())
  await silent.clock.advance(60_000)
  assert.equal(silent.failures[0]?.reason, 'PasskeyUnanswered')

  const mute = setUp()
  mute.server.answer = async () => undefined
  mute.hear(ASKING, asking)
  await assert.rejects(mute.pairing.assert(mute.id(), assertionOf()), { code: 'passkey_refused' })
  assert.equal(mute.failures[0]?.reason, 'PasskeyUnanswered')

  const refusing = setUp()
  refusing.server.answer = async () => {
    throw new Error('not-authorized')
  }
  refusing.hear(ASKING, asking)
  await assert.rejects(refusing.pairing.assert(refusing.id(), assertionOf()), {
    code: 'passkey_refused',
    message: /not-authorized/,
  })
  for (const { clock } of [nobody, silent, mute, refusing]) assert.equal(clock.pendingTimers(), 0)
})

test('what an older attempt waited for does not touch the newer one', async () => {
  const { server, pairing, hear, id, failures, steps } = setUp()
  const late = Promise.withResolvers<BinaryNode | undefined>()
  server.answer = () => late.promise
  hear(ASKING, asking)
  const first = pairing.assert(id(), assertionOf())
  hear(ASKING, asking)
  await assert.rejects(first, { code: 'pairing_unavailable' })
  late.reject(new Error('refused'))
  await new Promise(setImmediate)
  assert.deepEqual(failures, [])
  assert.equal(steps.at(-1)?.stage, 'assertion')
  assert.notEqual(steps[0]?.id, id())
})

test('the end of the connection ends what waits', async () => {
  const { clock, server, pairing, hear, id } = setUp()
  server.answer = () => new Promise(() => {})
  hear(ASKING, asking)
  const waiting = pairing.assert(id(), assertionOf())
  pairing.stop()
  await assert.rejects(waiting, { code: 'pairing_unavailable' })
  assert.equal(pairing.underWay(), false)
  assert.equal(clock.pendingTimers(), 0)
})
