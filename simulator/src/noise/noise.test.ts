import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Curve, encodeBinaryNode, makeNoiseHandler, NOISE_WA_HEADER, proto } from '@whiskeysockets/baileys'
import fc from 'fast-check'
import { decodeNode } from '../protocol/node.ts'
import { verifySignature } from '../protocol/verify-signature.ts'
import { createFrameReader, createHandshake, createTrustChain, encodeFrame } from './index.ts'

const noop = () => {}
const logger = {
  level: 'silent',
  trace: noop,
  debug: noop,
  info: noop,
  warn: noop,
  error: noop,
  child: () => logger,
}

/** Baileys' own initiator against our responder, up to the established transport. */
const handshake = async (routingInfo?: Buffer) => {
  const chain = createTrustChain()
  const server = createHandshake(chain)
  const reader = createFrameReader()
  const ephemeral = Curve.generateKeyPair()
  const noiseKey = Curve.generateKeyPair()
  const client = makeNoiseHandler({ keyPair: ephemeral, NOISE_HEADER: NOISE_WA_HEADER, logger, routingInfo })
  const toServer = (message: proto.IHandshakeMessage) =>
    reader.push(client.encodeFrame(proto.HandshakeMessage.encode(message).finish()))

  const [hello] = toServer({ clientHello: { ephemeral: ephemeral.public } })
  assert.ok(hello)
  const answer = proto.HandshakeMessage.decode(server.serverHello(hello))
  const keyEnc = client.processHandshake(answer, noiseKey)
  const payload = client.encrypt(proto.ClientPayload.encode({ username: 4917, device: 3 }).finish())
  const [finish] = toServer({ clientFinish: { static: keyEnc, payload } })
  assert.ok(finish)
  const established = server.finish(finish)
  await client.finishInit()
  return { chain, server, reader, client, noiseKey, established, finish }
}

for (const routingInfo of [undefined, Buffer.from('route')]) {
  test(`handshake with Baileys' initiator${routingInfo ? ' behind routing info' : ''}`, async () => {
    const { client, reader, noiseKey, established } = await handshake(routingInfo)
    assert.deepEqual(established.clientKey, noiseKey.public)
    assert.equal(established.payload.username?.toString(), '4917')

    const ping = encodeBinaryNode({ tag: 'iq', attrs: { id: '1' } })
    for (let round = 0; round < 3; round++) {
      const [frame] = reader.push(client.encodeFrame(ping))
      assert.equal(decodeNode(established.transport.decrypt(frame ?? Buffer.alloc(0))).attrs.id, '1')
      const received: unknown[] = []
      await client.decodeFrame(encodeFrame(established.transport.encrypt(ping)), (node) =>
        received.push(node),
      )
      assert.equal((received[0] as { tag: string }).tag, 'iq')
    }
  })
}

test('a damaged frame does not pass', async () => {
  const { client, reader, established, chain, finish } = await handshake()
  const [frame] = reader.push(client.encodeFrame(Buffer.from('0123')))
  assert.ok(frame)
  frame[0] = (frame[0] ?? 0) ^ 1
  assert.throws(() => established.transport.decrypt(frame))
  assert.throws(() => createHandshake(chain).finish(finish))
})

test('the certificate chain leads from the root to the server key', () => {
  const { certificate, rootPublicKey, serverKey } = createTrustChain()
  const { leaf, intermediate } = proto.CertChain.decode(certificate)
  assert.ok(leaf?.details && leaf.signature && intermediate?.details && intermediate.signature)
  const { Details } = proto.CertChain.NoiseCertificate
  const { key = null } = Details.decode(intermediate.details)
  assert.ok(key)
  assert.equal(verifySignature(rootPublicKey, intermediate.details, intermediate.signature), true)
  assert.equal(verifySignature(key, leaf.details, leaf.signature), true)
  assert.deepEqual(Buffer.from(Details.decode(leaf.details).key ?? []), Buffer.from(serverKey.public))
})

test('frames come out whole however the stream is cut', () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 })
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (bodies, cuts) => {
      const stream = Buffer.concat([NOISE_WA_HEADER, ...bodies.map(encodeFrame)])
      const reader = createFrameReader()
      const seen: Buffer[] = []
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const end = at + (cuts[cut % cuts.length] ?? 1)
        seen.push(...reader.push(stream.subarray(at, end)))
        at = end
      }
      assert.deepEqual(
        seen.map((frame) => frame.toString('hex')),
        bodies.map((body) => Buffer.from(body).toString('hex')),
      )
    }),
    { numRuns: 100 },
  )
})

test('a stream that is not WhatsApp is refused', () => {
  assert.throws(() => createFrameReader().push(Buffer.from('GET / HTTP/1.1')), /intro/)
})
