/** Reads what every place knows of one session, and waits until they have settled. */
import { setTimeout as delay } from 'node:timers/promises'
import { type JournalEntry, type Message, sessionKeyOf } from '@warren/contracts'
import { ORGANIZATION } from '../stack/names.ts'
import type { Session } from '../stack/session.ts'
import type { Stack } from '../stack/stack.ts'
import type { Consumer } from '../traffic/consumer.ts'
import type { Sent } from '../traffic/record.ts'
import type { Rest } from '../traffic/rest.ts'
import { type Accounts, disagreements, type Findings, type JournalLine, type Shown } from './agreement.ts'

const POLL_MS = 500
const PAGE = 500

export type Sources = { readonly stack: Stack; readonly rest: Rest; readonly consumer: Consumer }

/** What is wrong with a session once nothing more is to come, or when the time for it is over. */
export async function settled(
  sources: Sources,
  session: Session,
  sent: readonly Sent[],
  timeoutMs: number,
): Promise<Findings> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const startedMs = performance.now()
    const findings = disagreements(await collect(sources, session, sent))
    const waits = findings.lost.length > 0 || findings.wrong.length > 0
    if (!waits || performance.now() > deadline) return findings
    // Reading all of it is work, also for those that are to catch up.
    await delay(Math.max(POLL_MS, 2 * (performance.now() - startedMs)))
  }
}

async function collect(
  { stack, rest, consumer }: Sources,
  session: Session,
  sent: readonly Sent[],
): Promise<Accounts> {
  const { entries } = await stack.simulator.ledger.read({ direction: 'fromSession', account: session.number })
  const journal = await journalOf(stack, session)
  const shown: Shown[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const path = `/instances/${session.instance}/messages?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`
    const page: { items: MessageView[]; nextCursor?: string } = await rest.get(path)
    shown.push(
      ...page.items.map((one) => ({ id: one.id, text: one.text ?? one.image?.caption, status: one.status })),
    )
    cursor = page.nextCursor
  }
  return {
    sent,
    delivered: entries.flatMap((entry) =>
      entry.direction === 'fromSession' ? [{ ...entry, chat: entry.to, text: entry.text }] : [],
    ),
    journal,
    shown,
    events: consumer.seen.filter(({ instance }) => instance === session.instance).map(({ seq }) => seq),
  }
}

type MessageView = { id: string; text?: string; status?: string; image?: { caption?: string } }

async function journalOf({ reader }: Stack, { instance }: Session): Promise<JournalLine[]> {
  const key = sessionKeyOf({ organization: ORGANIZATION, instance })
  const lines: JournalLine[] = []
  for (;;) {
    const page = await reader.journal(key, lines.at(-1)?.seq ?? 0, PAGE)
    if (page.length === 0) return lines
    lines.push(
      ...page.map((entry) => ({ ...messageOf(entry), seq: entry.seq, epoch: entry.epoch, type: entry.type })),
    )
  }
}

function messageOf(entry: JournalEntry): Pick<JournalLine, 'message'> {
  if (entry.type === 'message.received' || entry.type === 'message.outgoing')
    return { message: { id: entry.data.message.id, ...textOf(entry.data.message) } }
  if (entry.type === 'message.status') return { message: { id: entry.data.id, status: entry.data.status } }
  if (entry.type === 'message.undecryptable') return { message: { id: entry.data.id } }
  return {}
}

function textOf({ content }: Message): { text?: string } {
  if (content.type === 'text') return { text: content.text }
  if (content.type === 'image' && content.caption !== undefined) return { text: content.caption }
  return {}
}
