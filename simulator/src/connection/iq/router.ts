import { type BinaryNode, firstChild, node, SERVER } from '../../protocol/node.ts'
import { account } from './account.ts'
import { appState } from './app-state.ts'
import { encrypt } from './encrypt.ts'
import { groups } from './groups.ts'
import { type IqContext, IqError, type IqHandlers } from './iq.ts'
import { media } from './media.ts'
import { mex } from './mex.ts'
import { usync } from './usync.ts'

const HANDLERS: IqHandlers = { ...encrypt, ...usync, ...media, ...mex, ...appState, ...groups, ...account }

/** The reply with the children that `answer` gives, or with the `IqError` that it throws. */
export const replyTo = (
  iq: BinaryNode,
  answer: () => BinaryNode[] | undefined,
  from = iq.attrs.to?.replace(/^@/, '') || SERVER,
): BinaryNode => {
  const reply = (type: 'result' | 'error', content?: BinaryNode[]) =>
    node('iq', { id: iq.attrs.id, type, from }, content)
  try {
    return reply('result', answer())
  } catch (error) {
    if (!(error instanceof IqError)) throw error
    return reply('error', [node('error', { code: String(error.code), text: error.message })])
  }
}

/** The reply to an iq. Unknown questions get an empty result, which every client of today is content with. */
export const answerIq = (iq: BinaryNode, context: IqContext): BinaryNode => {
  const { xmlns = '', type = '' } = iq.attrs
  const question = `${xmlns} ${type}/${firstChild(iq)?.tag ?? ''}`
  const handler = HANDLERS[question] ?? HANDLERS[xmlns]
  if (!handler) context.world.settings.log(`unknown iq ${question}, answered with an empty result`)
  return replyTo(iq, () => handler?.(iq, context))
}
