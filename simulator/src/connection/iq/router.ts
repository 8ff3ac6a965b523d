import { type BinaryNode, firstChild, node, SERVER } from '../../protocol/node.ts'
import { account } from './account.ts'
import { appState } from './app-state.ts'
import { encrypt } from './encrypt.ts'
import { type IqContext, IqError, type IqHandlers } from './iq.ts'
import { media } from './media.ts'
import { usync } from './usync.ts'

const HANDLERS: IqHandlers = { ...encrypt, ...usync, ...media, ...appState, ...account }

const reply = (iq: BinaryNode, type: 'result' | 'error', content?: BinaryNode[]): BinaryNode =>
  node('iq', { id: iq.attrs.id, type, from: iq.attrs.to?.replace(/^@/, '') || SERVER }, content)

/** The reply to an iq. Unknown questions get an empty result, which every client of today is content with. */
export const answerIq = (iq: BinaryNode, context: IqContext): BinaryNode => {
  const { xmlns = '', type = '' } = iq.attrs
  const question = `${xmlns} ${type}/${firstChild(iq)?.tag ?? ''}`
  const handler = HANDLERS[question] ?? HANDLERS[xmlns]
  if (!handler) context.world.settings.log(`unknown iq ${question}, answered with an empty result`)
  try {
    return reply(iq, 'result', handler?.(iq, context))
  } catch (error) {
    if (!(error instanceof IqError)) throw error
    return reply(iq, 'error', [node('error', { code: String(error.code), text: error.message })])
  }
}
