import type { World } from './world.ts'

/** Nothing waits: no stanza unacknowledged, no message to open or seal, no receipt or echo delayed. */
export const isDrained = (world: World): boolean =>
  world.lane.size() === 0 &&
  world.timers.pending() === 0 &&
  world.directory
    .all()
    .every(({ companions }) => [...companions.values()].every(({ queue }) => queue.size() === 0))
