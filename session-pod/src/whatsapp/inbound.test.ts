import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_SCHEMAS } from '@warren/contracts'
import { createAddressBook } from './addresses.ts'
import { type BinaryNode, proto } from './baileys.ts'
import { type InboundContext, readInbound, undecryptable } from './inbound.ts'
import { readMessageAck, readReceipt, refusalOf } from './receipts.ts'

const mappings: Record<string, string> = { '491': '9001', '9001_reverse': '491' }
const context: InboundContext = {
  addresses: createAddressBook((type, id) => (type === 'lid-mapping' ? mappings[id] : undefined)),
  own: { pn: '490@s.whatsapp.net', lid: '9000@lid' },
  now: new Date('2026-01-01T00:00:00Z'),
}
const stanza = (attrs: Record<string, string>): BinaryNode => ({
  tag: 'message',
  attrs: { id: 'M', t: '1700000000', ...attrs },
})
const encode = (message: proto.IMessage) => proto.Message.encode(proto.Message.fromObject(message)).finish()
const text = encode({ conversation: 'hi' })
const read = (attrs: Record<string, string>, payload = text) =>
  readInbound(stanza(attrs), payload, context).map(({ message }) => {
    const { error } = EVENT_SCHEMAS['message.received'].validate({ message })
    assert.equal(error, undefined)
    return message
  })

test('one person, whichever address the stanza uses', () => {
  const ada = { lid: '9001@lid', pn: '491@s.whatsapp.net' }
  for (const attrs of [
    { from: '491@s.whatsapp.net', sender_lid: '9001@lid' },
    { from: '9001@lid', sender_pn: '491@s.whatsapp.net' },
    { from: '491:3@s.whatsapp.net' },
    { from: '9001@lid' },
  ]) {
    const [message] = read({ ...attrs, notify: 'Ada' })
    const { jid: _form, ...address } = message?.chat ?? { jid: '' }
    assert.deepEqual(address, ada)
    assert.deepEqual([message?.sender, message?.fromMe, message?.pushName], [message?.chat, false, 'Ada'])
  }
})

test('what another device of ours sent is filed under the partner, never under ourselves', () => {
  const echo = encode({
    deviceSentMessage: { destinationJid: '491@s.whatsapp.net', message: { conversation: 'mine' } },
  })
  const [message] = read(
    {
      from: '490:2@s.whatsapp.net',
      recipient: '491@s.whatsapp.net',
      sender_lid: '9000@lid',
      peer_recipient_lid: '9001@lid',
    },
    echo,
  )
  assert.deepEqual(
    [message?.fromMe, message?.chat.lid, message?.sender.pn],
    [true, '9001@lid', '490@s.whatsapp.net'],
  )
  assert.deepEqual(message?.content, { type: 'text', text: 'mine' })
})

test('a group message names its author by both forms, in either addressing mode', () => {
  const authors: Record<string, string>[] = [
    { participant: '9001@lid', participant_pn: '491@s.whatsapp.net', addressing_mode: 'lid' },
    { participant: '491:7@s.whatsapp.net', participant_lid: '9001@lid', addressing_mode: 'pn' },
    { participant: '9001:7@lid', addressing_mode: 'lid' },
    { participant: '491@s.whatsapp.net', addressing_mode: 'pn' },
  ]
  for (const author of authors) {
    const [message] = read({ from: '1-2@g.us', ...author })
    assert.deepEqual(message?.chat, { jid: '1-2@g.us' })
    assert.deepEqual(
      [message?.sender.lid, message?.sender.pn, message?.fromMe],
      ['9001@lid', '491@s.whatsapp.net', false],
    )
  }
  for (const participant of ['9000@lid', '490:2@s.whatsapp.net']) {
    const [mine] = read({ from: '1-2@g.us', participant })
    assert.equal(mine?.fromMe, true)
  }
})

test('of an author whose number the group hides only the LID is told, and the username where there is one', () => {
  const hidden = { from: '1-2@g.us', participant: '9009@lid', addressing_mode: 'lid' }
  assert.deepEqual(read(hidden)[0]?.sender, { jid: '9009@lid', lid: '9009@lid' })
  const [message] = read({ ...hidden, participant_username: 'grace' })
  assert.deepEqual(message?.sender, { jid: '9009@lid', lid: '9009@lid', username: 'grace' })
})

test('contents', () => {
  const content = (message: proto.IMessage) =>
    read({ from: '491@s.whatsapp.net' }, encode(message))[0]?.content
  assert.deepEqual(content({ extendedTextMessage: { text: 'long' } }), { type: 'text', text: 'long' })
  assert.deepEqual(content({ ephemeralMessage: { message: { conversation: 'brief' } } }), {
    type: 'text',
    text: 'brief',
  })
  assert.deepEqual(
    content({ imageMessage: { caption: 'c', mimetype: 'image/png', fileLength: 7, width: 2, height: 3 } }),
    {
      type: 'image',
      caption: 'c',
      media: { mimetype: 'image/png', size: 7, width: 2, height: 3 },
    },
  )
  assert.deepEqual(content({ locationMessage: { degreesLatitude: 1 } }), {
    type: 'unsupported',
    kind: 'locationMessage',
  })
})

test('what serves the protocol is no message', () => {
  const silent: proto.IMessage[] = [
    { senderKeyDistributionMessage: { groupId: '1@g.us' } },
    { protocolMessage: { type: proto.Message.ProtocolMessage.Type.REVOKE } },
    { messageContextInfo: { messageSecret: new Uint8Array(32) } },
  ]
  for (const message of silent) assert.deepEqual(read({ from: '491@s.whatsapp.net' }, encode(message)), [])
  assert.deepEqual(read({ from: '490@s.whatsapp.net', category: 'peer' }), [])
  assert.deepEqual(read({ from: '5@newsletter' }), [])
})

test('the phone’s copy of a message that did not reach us counts as received; anyone else’s does not', () => {
  const copy = proto.WebMessageInfo.encode(
    proto.WebMessageInfo.fromObject({
      key: { id: 'LOST', remoteJid: '491@s.whatsapp.net' },
      message: { conversation: 'here' },
      messageTimestamp: 1700000000,
    }),
  ).finish()
  const answer = encode({
    protocolMessage: {
      peerDataOperationRequestResponseMessage: {
        peerDataOperationResult: [{ placeholderMessageResendResponse: { webMessageInfoBytes: copy } }],
      },
    },
  })
  assert.deepEqual(
    read({ from: '490@s.whatsapp.net', category: 'peer' }, answer).map(({ id, content }) => [id, content]),
    [['LOST', { type: 'text', text: 'here' }]],
  )
  assert.deepEqual(read({ from: '491@s.whatsapp.net' }, answer), [])
})

test('an undecryptable message is told of unless it is our own', () => {
  const draft = undecryptable(stanza({ from: '491@s.whatsapp.net' }), 'Bad MAC', context)
  assert.equal(EVENT_SCHEMAS['message.undecryptable'].validate(draft?.data).error, undefined)
  assert.equal(
    undecryptable(stanza({ from: '490@s.whatsapp.net', recipient: '491@s.whatsapp.net' }), '', context),
    undefined,
  )
})

const receipt = (attrs: Record<string, string>, items: string[] = []): BinaryNode => ({
  tag: 'receipt',
  attrs: { id: 'A', from: '491@s.whatsapp.net', ...attrs },
  ...(items.length > 0
    ? { content: [{ tag: 'list', attrs: {}, content: items.map((id) => ({ tag: 'item', attrs: { id } })) }] }
    : {}),
})

test('receipts move our messages; those of our own devices, groups and retries do not', () => {
  assert.deepEqual(readReceipt(receipt({ t: '5' }, ['B', 'C'])), {
    ids: ['A', 'B', 'C'],
    status: 'delivered',
    chat: '491@s.whatsapp.net',
    t: '5',
  })
  const statusOf = (attrs: Record<string, string>) => readReceipt(receipt(attrs))?.status
  assert.deepEqual(
    [statusOf({ type: 'read' }), statusOf({ type: 'played' }), statusOf({ type: 'inactive' })],
    ['read', 'played', 'delivered'],
  )
  for (const attrs of [
    { type: 'retry' },
    { type: 'read-self' },
    { type: 'sender', recipient: '491@s.whatsapp.net' },
    { from: '1@g.us', participant: '491@s.whatsapp.net' },
  ])
    assert.equal(statusOf(attrs as Record<string, string>), undefined)
})

test('acks', () => {
  const ack = (attrs: Record<string, string>) => readMessageAck({ tag: 'ack', attrs: { id: 'A', ...attrs } })
  assert.equal(ack({})?.error, undefined)
  assert.equal(ack({ error: '463' })?.error, 463)
  assert.deepEqual(
    [463, 479, 404].map((code) => refusalOf(code, '491@s.whatsapp.net').code),
    ['restricted', 'recipient_stale', 'rejected_by_whatsapp'],
  )
})
