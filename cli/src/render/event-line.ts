/** An event on one line: when, what, and the gist of it. */
import type { Address, EventEnvelope, Jsonify, MessageContent } from '@warren/contracts'
import { phoneOf } from '@warren/contracts'
import { cut, printable } from './printable.ts'
import type { Style } from './style.ts'

const TYPE_COLUMNS = 21
const TIME_COLUMNS = 9

/** @param options.columns of the terminal; undefined does not cut */
export function eventLine(
  event: EventEnvelope,
  { style, columns, utc }: { style: Style; columns?: number | undefined; utc?: boolean },
): string {
  const time = new Date(event.time)
  const shown = utc ? time.toISOString().slice(11, 19) : time.toTimeString().slice(0, 8)
  const rest = printable(gist(event))
  const room = columns === undefined ? undefined : columns - TIME_COLUMNS - TYPE_COLUMNS - 1
  return `${style('dim', shown)} ${style(colourOf(event), event.type.padEnd(TYPE_COLUMNS))}${room === undefined ? rest : cut(rest, room)}`
}

/** A consumer outlives the catalogue it was built with: what it does not know is shown as it is. */
function gist(event: EventEnvelope): string {
  switch (event.type) {
    case 'session.status':
      return [event.data.phase, event.data.reason, event.data.message].filter(Boolean).join(': ')
    case 'session.paired':
      return `+${event.data.account.phone}`
    case 'session.loggedOut':
      return event.data.reason
    case 'message.received':
    case 'message.history':
    case 'message.outgoing': {
      const { message } = event.data
      const way = message.fromMe ? `→ ${who(message.chat)}` : `← ${message.pushName || who(message.sender)}`
      return `${way}: ${contentText(message.content)}`
    }
    case 'message.status':
      return `${event.data.id} ${event.data.status}${event.data.error ? `: ${event.data.error.message}` : ''}`
    case 'message.media':
      return `${event.data.id} ${event.data.error?.message ?? event.data.media.mimetype}`
    case 'message.undecryptable':
      return `${event.data.id} from ${who(event.data.sender)}: ${event.data.reason}`
    case 'message.recovered':
      return `${event.data.id} from ${who(event.data.sender)}`
    case 'identity.mapped':
      return `${event.data.lid} is ${event.data.pn}`
    case 'contact.updated':
      return `${who(event.data.address)} ${event.data.pushName ?? ''}`
    // Whoever has the QR or the code links the account: neither is left in a scroll-back.
    case 'pairing.qr':
      return `attempt ${event.data.attempt} of ${event.data.maxAttempts}`
    case 'pairing.code':
      return 'a new code'
    case 'pairing.passkey':
      return event.data.passkey.stage
    case 'presence.updated':
      return `${who(event.data.sender)} ${event.data.state}`
    default:
      return JSON.stringify((event as { data?: unknown }).data ?? {})
  }
}

function who({ pn, jid }: Address): string {
  const phone = phoneOf(pn ?? jid)
  return phone === undefined ? jid : `+${phone}`
}

function contentText(content: Jsonify<MessageContent>): string {
  if (content.type === 'text') return content.text
  if (content.type === 'image') return `[image] ${content.caption ?? ''}`
  return `[${(content as { kind?: string }).kind ?? (content as { type: string }).type}]`
}

function colourOf({ type }: EventEnvelope) {
  if (type.startsWith('message.')) return 'cyan'
  return type.startsWith('session.') ? 'yellow' : 'dim'
}
