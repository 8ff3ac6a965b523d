import type { Subject } from '../subjects/subject.ts'
import type { World } from '../world.ts'

const POLL_MS = 2
const TIMEOUT_MS = 60_000

/** Resolves when WhatsApp delivers to the session: logged in, and past the offline messages. To about 2 ms. */
export async function untilActive(world: World, { account, variant, died }: Subject): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const sessions = await world.simulator.sessions.list()
    if (sessions.some(({ number, active }) => number === account && active)) return
    if (performance.now() > deadline) throw new Error(`${variant} did not open within a minute`)
    await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), died])
  }
}
