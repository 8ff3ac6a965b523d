/**
 * Whose devices were handed our sender key of a group. Baileys notes it before the frame with the key leaves; stored so, a crash or a
 * refusal in between leaves members who are never given the key, and cannot read what follows. So a note is kept in memory, and stored when
 * the server has taken the message. What is not known is handed out again, which harms nobody.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Groups } from '../store/groups.ts'
import type { SessionState } from '../store/state.ts'

export const HANDED_OUT = 'sender-key-memory'

export type HandedOut = {
  /** What Baileys knows of a group. */
  get(group: string): unknown
  /** What Baileys notes; undefined when the key has to be handed out anew. */
  set(group: string, devices: unknown): void
  /** Runs the relay of a message: what is noted meanwhile is in its frame. */
  relaying<T>(id: string, work: () => Promise<T>): Promise<T>
  /** The server took the message with this id, or refused it. */
  answered(id: string, taken: boolean): void
  /** A new connection: what was not answered on the last one may never have left. */
  reset(): void
}

export function createHandedOut(state: Pick<SessionState, 'apply'>, groups: Groups): HandedOut {
  const current = new AsyncLocalStorage<string>()
  const noted = new Map<string, unknown>()
  const unanswered = new Map<string, { readonly group: string; readonly devices: unknown }>()

  function forget(group: string): void {
    noted.delete(group)
    for (const [id, one] of unanswered) if (one.group === group) unanswered.delete(id)
  }

  return {
    get: (group) => noted.get(group) ?? groups.get(HANDED_OUT, group),
    set(group, devices) {
      if (devices === undefined) {
        forget(group)
        groups.put({ type: HANDED_OUT, id: group, value: undefined })
        return
      }
      noted.set(group, devices)
      const id = current.getStore()
      // An answer to a request for a message tells nothing of when it left: what it handed out is stored with the next message.
      if (id !== undefined) unanswered.set(id, { group, devices: { ...(devices as object) } })
    },
    relaying: (id, work) => current.run(id, work),
    answered(id, taken) {
      const one = unanswered.get(id)
      if (!one) return
      if (!taken) return forget(one.group)
      unanswered.delete(id)
      state.apply([{ type: HANDED_OUT, id: one.group, value: one.devices }], [], 'lazy')
    },
    reset() {
      noted.clear()
      unanswered.clear()
    },
  }
}
