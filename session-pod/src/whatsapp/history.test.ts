import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { EVENT_SCHEMAS } from '@warren/contracts'
import { createJournal } from '../session/journal.ts'
import { decodeValue, encodeValue } from '../store/codec.ts'
import { createGroups } from '../store/groups.ts'
import { createState } from '../store/state.ts'
import { createAddressBook } from './addresses.ts'
import { proto } from './baileys.ts'
import { createHandedOut } from './handed-out.ts'
import { type HistoryNotice, historyMessage, historyNotice, readHistory, storeTokens } from './history.ts'
import { createKeyStores } from './key-store.ts'

const { INITIAL_BOOTSTRAP, FULL } = proto.HistorySync.HistorySyncType
const now = new Date()
const context = { addresses: createAddressBook(() => undefined), own: { pn: '490@s.whatsapp.net' }, now }
const ALICE = '491@s.whatsapp.net'

const info = (id: string, messageTimestamp: number, more: Partial<proto.IWebMessageInfo> = {}) => ({
  key: { remoteJid: ALICE, id, fromMe: false },
  message: { conversation: `text of ${id}` },
  messageTimestamp,
  ...more,
})

function payloadOf(sync: proto.IHistorySync, notification: proto.Message.IHistorySyncNotification = {}) {
  const packed = deflateSync(proto.HistorySync.encode(proto.HistorySync.fromObject(sync)).finish())
  return proto.Message.encode({
    protocolMessage: {
      historySyncNotification: {
        syncType: sync.syncType ?? null,
        initialHistBootstrapInlinePayload: packed,
        ...notification,
      },
    },
  }).finish()
}
const stanza = (attrs: Record<string, string> = {}) => ({
  tag: 'message',
  attrs: { id: 'H1', from: '490@s.whatsapp.net', category: 'peer', ...attrs },
})
const SYNC = {
  syncType: INITIAL_BOOTSTRAP,
  conversations: [
    {
      id: ALICE,
      lidJid: '9001@lid',
      tcToken: Buffer.from('token'),
      tcTokenTimestamp: 50,
      messages: [{ message: info('new', 30) }, { message: info('old', 10) }],
    },
    { id: '1@g.us', messages: [{ message: info('middle', 20, { participant: ALICE }) }] },
  ],
  pushnames: [{ id: ALICE, pushname: 'Alice' }],
}

test('a notice is taken from our own phone only, and only of the history that is wanted', () => {
  const found = (attrs: Record<string, string>, payload = payloadOf(SYNC)) =>
    historyNotice(stanza(attrs), payload, context).map(({ id }) => id)
  assert.deepEqual(found({}), ['H1'])
  assert.deepEqual(found({ from: ALICE }), [])
  assert.deepEqual(found({ category: '' }), [])
  assert.deepEqual(found({}, payloadOf({ ...SYNC, syncType: FULL })), [])
  assert.deepEqual(found({}, proto.Message.encode({ conversation: 'x' }).finish()), [])
})

test('what was stored of a notice is read: pairs, and messages from the oldest on', async () => {
  const [change] = historyNotice(stanza(), payloadOf(SYNC), context)
  const stored = decodeValue('history', encodeValue('history', change?.value)) as HistoryNotice
  const history = await readHistory(stored, () => false)
  assert.deepEqual(history.pairs, [{ lid: '9001@lid', pn: ALICE }])
  assert.deepEqual(
    history.messages.map(({ key }) => key?.id),
    ['old', 'middle', 'new'],
  )
  assert.equal(history.chats.length, 2)
})

test('a history that is not what was announced is refused for good', async () => {
  const [change] = historyNotice(
    stanza(),
    payloadOf(SYNC, {
      initialHistBootstrapInlinePayload: null,
      directPath: '//evil.example/x',
      mediaKey: new Uint8Array(32),
      fileSha256: new Uint8Array(32),
    }),
    context,
  )
  await assert.rejects(
    readHistory(change?.value as HistoryNotice, () => true),
    { code: 'media_unavailable' },
  )
})

test('a history that cannot be unpacked is refused for good', async () => {
  const notification = proto.Message.HistorySyncNotification.encode({
    initialHistBootstrapInlinePayload: Buffer.from('no zlib'),
  }).finish()
  await assert.rejects(
    readHistory({ notification, at: 0 }, () => true),
    { code: 'media_unavailable' },
  )
})

test('own messages of the history tell how far they got', () => {
  const own = { key: { remoteJid: ALICE, id: 'M', fromMe: true }, status: proto.WebMessageInfo.Status.READ }
  const found = historyMessage(info('M', 10, own), context)
  assert.equal(EVENT_SCHEMAS['message.history'].validate({ message: found?.message }).error, undefined)
  assert.equal(EVENT_SCHEMAS['message.status'].validate(found?.status).error, undefined)
  assert.deepEqual([found?.message.fromMe, found?.status?.status], [true, 'read'])
  assert.equal(historyMessage(info('N', 10), context)?.status, undefined)
  const none: Partial<proto.IWebMessageInfo>[] = [
    { message: null },
    { key: { remoteJid: '5@newsletter', id: 'P' } },
    { key: { remoteJid: '5@bot', id: 'P' } },
  ]
  for (const one of none) assert.equal(historyMessage(info('P', 10, one), context), undefined)
})

test('of the tokens of a contact the newest is kept, under the hidden id where it is known', async () => {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const { passThrough } = createKeyStores(groups, { learn: () => {} }, createHandedOut(state, groups))
  const chat = (tcTokenTimestamp: number, text: string) => ({
    id: ALICE,
    tcToken: Buffer.from(text),
    tcTokenTimestamp,
  })
  const lidOf = () => '9001@lid'
  await storeTokens([chat(50, 'first'), { id: '492@s.whatsapp.net' }], passThrough, lidOf)
  await storeTokens([chat(40, 'older')], passThrough, lidOf)
  const stored = state.get('tctoken', '9001@lid') as { token: Buffer; timestamp: string }
  assert.deepEqual([stored.token.toString(), stored.timestamp], ['first', '50'])
  assert.equal(state.get('tctoken', ALICE), undefined)
})
