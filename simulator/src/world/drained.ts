import type { World } from './world.ts'

/**
 * Nothing waits: no stanza unacknowledged, no message to open or seal, no receipt or echo delayed. With a number only
 * the queues of that account count, so that devices of others may be away.
 */
export const isDrained = (world: World, number?: string): boolean =>
  world.lane.size() === 0 &&
  world.timers.pending() === 0 &&
  world.directory
    .all()
    .filter((subscriber) => number === undefined || subscriber.number === number)
    .every(({ companions }) => [...companions.values()].every(({ queue }) => queue.size() === 0))
