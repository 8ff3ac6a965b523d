import { parseJid, phoneOf } from '@warren/contracts'
import type { Chat } from './service.ts'

export function presentChat({ chat, contact, name, unread }: Chat) {
  const { jid, pn, lid, last, lastAt } = chat
  const phone = phoneOf(pn ?? jid)
  return {
    jid,
    kind: kindOf(jid),
    ...(phone === undefined ? {} : { phone }),
    ...(lid === undefined ? {} : { lid }),
    ...(pn === undefined ? {} : { pn }),
    ...(contact === undefined ? {} : { contact }),
    ...(name === undefined ? {} : { name }),
    unread,
    ...(last ? { lastMessage: { ...last, timestamp: lastAt.toISOString() } } : {}),
  }
}

function kindOf(jid: string): 'person' | 'group' | 'other' {
  const kind = parseJid(jid)?.kind
  if (kind === 'pn' || kind === 'lid') return 'person'
  return kind === 'group' ? 'group' : 'other'
}
