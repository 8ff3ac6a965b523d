import { createServer } from 'node:net'
import { StartError } from '../options.ts'

/** @throws StartError when somebody else listens on the port */
export async function assertPortFree(port: number, host: string): Promise<void> {
  if (port === 0) return
  const server = createServer()
  try {
    await new Promise<void>((done, failed) => server.once('error', failed).listen(port, host, done))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`
    throw new StartError(`Port ${port} ${why}: choose another with --port, or 0 for any free one.`, { cause })
  }
  await new Promise<void>((done) => server.close(() => done()))
}
