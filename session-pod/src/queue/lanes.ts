/** Work in lanes: one piece at a time within a lane, in the order of its positions, at most `width` lanes at a time. */
import type { Clock, Timer } from '@warren/runtime/clock'

/** Resolves with the milliseconds after which it wants to be run again, before all that is behind it; undefined when it is done. */
export type Work = () => Promise<number | undefined>

export type Lanes = {
  run(lane: string, position: number, work: Work): void
  has(lane: string): boolean
  /** Takes out of a lane what waits behind its first piece and agrees. */
  shed(lane: string, agrees: (position: number) => boolean): void
  /** Ends all pauses. */
  wake(): void
  /** Ends the pause of one lane, also of one that is about to begin. */
  wakeLane(lane: string): void
  /** Pauses no more; resolves when nothing runs or waits. */
  stop(): Promise<void>
}

type Piece = { readonly position: number; readonly work: Work }
type Lane = { readonly pieces: Piece[]; pause?: Timer | undefined; woken?: boolean }

export function createLanes(width: number, clock: Pick<Clock, 'setTimer'>): Lanes {
  const lanes = new Map<string, Lane>()
  const ready: string[] = []
  const whenIdle: (() => void)[] = []
  let running = 0
  let stopped = false

  function advance(): void {
    while (running < width) {
      const name = ready.shift()
      const lane = name === undefined ? undefined : lanes.get(name)
      if (name === undefined || !lane) break
      running += 1
      void serve(name, lane)
    }
    if (running === 0 && ready.length === 0) for (const resolve of whenIdle.splice(0)) resolve()
  }

  async function serve(name: string, lane: Lane): Promise<void> {
    const piece = lane.pieces.shift()
    lane.woken = false
    const pauseMs = await piece?.work().catch(() => undefined)
    running -= 1
    if (piece && pauseMs !== undefined && !stopped) {
      const behind = lane.pieces.findIndex(({ position }) => position >= piece.position)
      lane.pieces.splice(behind < 0 ? lane.pieces.length : behind, 0, piece)
      // A pause takes none of the places: other lanes go on.
      lane.pause = clock.setTimer(lane.woken ? 0 : pauseMs, () => resume(name, lane))
    } else if (lane.pieces.length > 0) {
      // To the end of the line after each piece, so that a long lane does not starve the others.
      ready.push(name)
    } else lanes.delete(name)
    advance()
  }

  function resume(name: string, lane: Lane): void {
    if (!lane.pause) return
    lane.pause.stop()
    lane.pause = undefined
    ready.push(name)
    advance()
  }

  function wake(): void {
    for (const [name, lane] of lanes) resume(name, lane)
  }

  return {
    run(name, position, work) {
      const lane = lanes.get(name)
      if (lane) {
        const behind = lane.pieces.findIndex((other) => other.position > position)
        lane.pieces.splice(behind < 0 ? lane.pieces.length : behind, 0, { position, work })
        return
      }
      lanes.set(name, { pieces: [{ position, work }] })
      ready.push(name)
      advance()
    },
    has: (name) => lanes.has(name),
    shed(name, agrees) {
      const pieces = lanes.get(name)?.pieces
      if (!pieces) return
      pieces.splice(0, pieces.length, ...pieces.filter(({ position }) => !agrees(position)))
    },
    wake,
    wakeLane(name) {
      const lane = lanes.get(name)
      if (!lane) return
      lane.woken = true
      resume(name, lane)
    },
    stop() {
      stopped = true
      wake()
      return new Promise((resolve) => {
        if (running === 0 && ready.length === 0) return resolve()
        whenIdle.push(resolve)
      })
    },
  }
}
