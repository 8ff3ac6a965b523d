import type { Handler } from './context.ts'

export const listSnapshots: Handler<'session.snapshots'> = (_request, { snapshots }) => ({
  items: snapshots.list(),
})

export const restoreSnapshot: Handler<'session.restore'> = async ({ snapshot }, { snapshots }) => ({
  account: await snapshots.restore(snapshot),
})
