import type { EventEnvelope, MessageStatus } from '@warren/contracts'
import { systemClock } from '@warren/runtime/clock'
import type { Simulator } from '@warren/simulator'
import type { ApiClient } from '../api-client.ts'
import type { Terminal } from '../terminal.ts'
import { CONTACT } from './people.ts'

/** The ticks as WhatsApp draws them. */
const TICKS: Partial<Record<MessageStatus, string>> = { sent: '✓ ', delivered: '✓✓', read: '✓✓' }
const PATIENCE_MS = 15_000

/** A message goes out and its ticks come back; then the contact writes. All of it is seen through the public API. */
export async function exchangeMessages(scene: {
  readonly api: ApiClient
  readonly simulator: Simulator
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly instance: string
}): Promise<void> {
  const { api, simulator, terminal, instance } = scene
  const listening = new AbortController()
  const signal = AbortSignal.any([listening.signal, scene.signal])
  const read = Promise.withResolvers<boolean>()
  const answered = Promise.withResolvers<boolean>()
  let messageId: string | undefined
  const early: EventEnvelope[] = []

  function onEvent(event: EventEnvelope): void {
    if (messageId === undefined) return void early.push(event)
    if (event.type === 'message.status' && event.data.id === messageId) {
      const ticks = TICKS[event.data.status]
      if (!ticks) return
      const isRead = event.data.status === 'read'
      terminal.row('', `${terminal.style(isRead ? 'blue' : 'dim', ticks)} ${event.data.status}`)
      if (isRead) read.resolve(true)
    }
    if (event.type === 'message.received' && event.instance === instance) {
      const { content, pushName } = event.data.message
      if (content.type === 'text')
        terminal.row('← received', `${pushName ?? CONTACT.pushName}: ${content.text}`)
      answered.resolve(true)
    }
  }

  await api.events(signal, onEvent)
  const text = 'Hello from Warren!'
  terminal.row('→ sent', `to ${CONTACT.pushName}: ${text}`)
  const sent = await api.post<{ id: string }>(`/instances/${instance}/messages`, {
    to: CONTACT.number,
    type: 'text',
    text,
  })
  messageId = sent.id
  for (const event of early.splice(0)) onEvent(event)
  const wasRead = await inTime(read.promise, signal)
  const { number } = (await simulator.phones.list())[0] ?? { number: '' }
  await simulator.contacts.send(CONTACT.number, { to: number, text: 'Hello Ada, I can read you.' })
  const wasAnswered = await inTime(answered.promise, signal)
  if (!wasRead || !wasAnswered)
    terminal.warn('Not everything came back in time; the files in logs/ may tell why.')
  listening.abort()
  await simulator.save()
}

async function inTime(happens: Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  const late = systemClock.sleep(PATIENCE_MS, signal).then(
    () => false,
    () => false,
  )
  return Promise.race([happens, late])
}
