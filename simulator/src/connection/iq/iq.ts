import type { BinaryNode } from '../../protocol/node.ts'
import type { Session } from '../../world/sessions.ts'
import type { World } from '../../world/world.ts'

/** What a handler may use. */
export interface IqContext {
  world: World
  session: Session
}

/** Answers one kind of question: the children of the result, or nothing for an empty one. */
export type IqHandler = (iq: BinaryNode, context: IqContext) => BinaryNode[] | undefined

/** Handlers by `xmlns type/first child`, or `xmlns` alone for everything of that namespace. */
export type IqHandlers = Record<string, IqHandler>

/** An iq that is answered with `type=error`. */
export class IqError extends Error {
  readonly code: number

  constructor(code: number, text: string) {
    super(text)
    this.code = code
  }
}
