import type { Ending } from '../session/disconnects.ts'

type BoomLike = { message?: string; output?: { statusCode?: number }; data?: unknown }

/** The end of a connection as Baileys reports it: a Boom whose data is the stream error's node or the failure's attributes. */
export function endingOf(error: unknown): Ending {
  const { message, output, data } = (error ?? {}) as BoomLike
  const node = (data ?? {}) as { tag?: string; attrs?: Record<string, string>; expire?: string }
  const conflict = node.tag === 'conflict' ? node.attrs?.type : undefined
  const expires = Number(node.expire)
  return {
    code: output?.statusCode ?? 0,
    text: message ?? 'closed',
    ...(conflict ? { conflict } : {}),
    ...(expires > 0 ? { expiresInSeconds: expires } : {}),
  }
}
