/** Bare Baileys as a subject: `bare-program.mjs` in a process of its own. */
import { join } from 'node:path'
import { startProgram } from '../program.ts'
import type { World } from '../world.ts'
import type { ProcessSettings } from './process-settings.ts'
import type { Subject, SubjectFactory } from './subject.ts'

const PROGRAM = join(import.meta.dirname, 'bare-program.mjs')

type Notice =
  | { op: 'qr'; qr: string }
  | { op: 'open' }
  | { op: 'closed'; code?: number }
  | { op: 'answer'; to: number; value?: unknown; error?: string }

type BareProcess = Subject & {
  readonly opened: Promise<void>
  onQr(listener: (qr: string) => void): void
  ask(op: 'send' | 'received' | 'save', more?: object): Promise<unknown>
}

/** @param settings undefined: what Node does by itself */
export function bareSessions(
  world: World,
  account: string,
  settings: ProcessSettings | undefined,
): SubjectFactory {
  const variant = settings ? 'tuned' : 'bare'
  const stateFile = join(world.folder, `${account}.json`)

  async function start(): Promise<BareProcess> {
    const program = startProgram({
      name: `${variant} ${account}`,
      args: [...(settings?.flags ?? []), PROGRAM],
      env: {
        BENCH_TRUST: JSON.stringify(await world.simulator.trust()),
        BENCH_STATE: stateFile,
        ...settings?.env,
        ...(settings ? { BENCH_STACK_TRACE_LIMIT: String(settings.stackTraceLimit) } : {}),
      },
      logFile: join(world.folder, `${account}.log`),
      ipc: true,
    })
    const { child, pid, died } = program
    const forget = world.stops.add(program.stop)
    const open = Promise.withResolvers<void>()
    const answers = new Map<number, PromiseWithResolvers<unknown>>()
    let onQr = (_qr: string) => {}
    let asked = 0
    child.on('message', (notice: Notice) => {
      if (notice.op === 'qr') onQr(notice.qr)
      if (notice.op === 'open') open.resolve()
      if (notice.op !== 'answer') return
      if (notice.error) answers.get(notice.to)?.reject(new Error(`${variant}: ${notice.error}`))
      else answers.get(notice.to)?.resolve(notice.value)
      answers.delete(notice.to)
    })
    const ask: BareProcess['ask'] = (op, more = {}) => {
      const answer = Promise.withResolvers<unknown>()
      answers.set(++asked, answer)
      child.send({ op, n: asked, ...more })
      return Promise.race([answer.promise, died])
    }
    return {
      ...{ variant, account, pid, died, ask },
      opened: Promise.race([open.promise, died]),
      onQr(listener) {
        onQr = listener
      },
      // A send that fails is missing in the ledger, where it is noticed with its id.
      prepare: async (messages) => () => void ask('send', { messages }).catch(() => {}),
      received: async () => (await ask('received')) as string[],
      async stop() {
        await program.stop()
        forget()
      },
    }
  }

  return {
    variant,
    account,
    spawn: start,
    async pair() {
      const bare = await start()
      bare.onQr((qr) => void world.simulator.phones.scan(account, qr).catch(() => {}))
      await bare.opened
      await preKeysStored(world, account)
      await bare.ask('save')
      await bare.stop()
    },
  }
}

/** A new session first gives its one-time keys to the server; only then is its state what it stays. */
export async function preKeysStored(world: World, account: string): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const { devices } = await world.simulator.phones.get(account)
    if (devices[0] && devices[0].preKeys > 0) return
    if (performance.now() > deadline) throw new Error(`${account} stored no pre-keys within a minute`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
