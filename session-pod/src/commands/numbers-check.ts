import { connected, type Handler } from './context.ts'

export const checkNumbers: Handler<'numbers.check'> = async ({ phoneNumbers }, context) => ({
  results: await connected(context).checkNumbers(phoneNumbers),
})
