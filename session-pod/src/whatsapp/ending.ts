import type { Ending } from '../session/disconnects.ts'

type BoomLike = { message?: string; output?: { statusCode?: number }; data?: unknown }

/** Reason of a temporary ban, by `code` of the failure. whatsmeow's `TempBanReason` has the same list. */
const BAN_CAUSES: Readonly<Record<string, string>> = {
  '101': 'too many messages to people who do not have this number',
  '102': 'too many people blocked this number',
  '103': 'too many groups with people who do not have this number',
  '104': 'the same message to too many people',
  '106': 'too many messages to a broadcast list',
}

/**
 * The end of a connection as Baileys reports it: a Boom whose data is the stream error's node, with its tag and attributes, or the
 * attributes of the failure.
 */
export function endingOf(error: unknown): Ending {
  const { message, output, data } = (error ?? {}) as BoomLike
  const node = (data ?? {}) as { tag?: string; attrs?: Record<string, string> } & Record<string, unknown>
  const conflict = node.tag === 'conflict' ? node.attrs?.type : undefined
  const expires = Number(node.expire)
  const words = wordsOf(node)
  return {
    code: output?.statusCode ?? 0,
    text: [message ?? 'closed', unacknowledged(node)].filter(Boolean).join(': '),
    ...(words ? { words } : {}),
    ...(conflict ? { conflict } : {}),
    ...(expires > 0 ? { expiresInSeconds: expires } : {}),
  }
}

/** What WhatsApp says to a person about the refusal of a login, or what its code for a ban means. */
function wordsOf({ logout_message_header, logout_message_subtext, code }: Record<string, unknown>) {
  const said = [logout_message_header, logout_message_subtext].filter((text) => typeof text === 'string')
  return said.length > 0 ? said.join(' ') : BAN_CAUSES[String(code)]
}

/** A stream that ends with `<ack>` names the stanza that we left unacknowledged for too long. */
function unacknowledged({ tag, attrs }: { tag?: string; attrs?: Record<string, string> }) {
  if (tag !== 'ack' || !attrs?.id) return undefined
  return `not acknowledged was ${attrs.class ?? 'a stanza'} ${attrs.id}`
}
