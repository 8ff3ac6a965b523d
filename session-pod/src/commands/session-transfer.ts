import type { Handler } from './context.ts'

const bytes = (base64: string) => Buffer.from(base64, 'base64')

export const box: Handler<'session.box'> = (_request, { transfer }) => ({
  publicKey: Buffer.from(transfer.publicKey()).toString('base64'),
})

export const exportSession: Handler<'session.export'> = async ({ key, kdf }, { transfer }) => {
  const { bundle, account } = await transfer.leave(bytes(key), kdf)
  return { bundle: bundle.toString('base64'), account }
}

export const importSession: Handler<'session.import'> = async ({ key, bundle }, { transfer }) => ({
  account: await transfer.arrive(bytes(key), bytes(bundle)),
})
